// The Nexmark auction: persons, auctions and bids, drawn straight into columns.
using Millrace.Core;

namespace Millrace.Generators.Nexmark;

/// <summary>
/// Draws the events of the Nexmark benchmark. Every event is a function of its number alone (java.util.Random seeded with it, after the Apache
/// Beam generator; channel and url, which Beam lacks, are drawn between price and extra). Reference: http://datalab.cs.pdx.edu/niagara/NEXMark/.
/// </summary>
public sealed class NexmarkGenerator
{
    /// <summary>Of this many events one is a person, three are auctions and the rest bids.</summary>
    public const int Cycle = 50;

    private const int Persons = 1;
    private const int Auctions = 3;
    private const long FirstId = 1000;
    private const int FirstCategory = 10;
    private const int Categories = 5;
    private const int HotEvery = 100;
    private const int AuctionsInFlight = 100;
    private const int PeopleActive = 1000;
    private const int IdLead = 10;
    private const int PersonBytes = 200;
    private const int AuctionBytes = 500;
    private const int BidBytes = 100;

    private readonly NexmarkOptions _options;

    /// <summary>Starts at <see cref="NexmarkOptions.FirstEvent"/>.</summary>
    public NexmarkGenerator(NexmarkOptions? options = null)
    {
        _options = options ?? new NexmarkOptions();
        NextEvent = _options.FirstEvent;
    }

    /// <summary>The number of the event to be drawn next.</summary>
    public long NextEvent { get; private set; }

    /// <summary>The columns of person.</summary>
    public static Schema Person { get; } = new(
    [
        new("id", SqlType.BigInt), new("name", SqlType.Text), new("email_address", SqlType.Text), new("credit_card", SqlType.Text),
        new("city", SqlType.Text), new("state", SqlType.Text), new("date_time", SqlType.Timestamp), new("extra", SqlType.Text),
    ]);

    /// <summary>The columns of auction.</summary>
    public static Schema Auction { get; } = new(
    [
        new("id", SqlType.BigInt), new("item_name", SqlType.Text), new("description", SqlType.Text), new("initial_bid", SqlType.BigInt),
        new("reserve", SqlType.BigInt), new("date_time", SqlType.Timestamp), new("expires", SqlType.Timestamp), new("seller", SqlType.BigInt),
        new("category", SqlType.BigInt), new("extra", SqlType.Text),
    ]);

    /// <summary>The columns of bid.</summary>
    public static Schema Bid { get; } = new(
    [
        new("auction", SqlType.BigInt), new("bidder", SqlType.BigInt), new("price", SqlType.BigInt), new("channel", SqlType.Text),
        new("url", SqlType.Text), new("date_time", SqlType.Timestamp), new("extra", SqlType.Text),
    ]);

    /// <summary>Draws the next <paramref name="events"/> events and appends each to the builder of its kind; a kind whose builder is null is skipped.</summary>
    public void Generate(int events, BatchBuilder? person, BatchBuilder? auction, BatchBuilder? bid)
    {
        for (int i = 0; i < events; i++, NextEvent++)
        {
            // Out-of-order groups permute event numbers within a group; ids and values follow the permuted number.
            long id = OutOfOrder(NextEvent);
            int offset = (int)(id % Cycle);
            if (offset >= Persons + Auctions)
            {
                if (bid is not null)
                {
                    AppendBid(bid, id);
                }
            }
            else if (offset >= Persons)
            {
                if (auction is not null)
                {
                    AppendAuction(auction, id);
                }
            }
            else if (person is not null)
            {
                AppendPerson(person, id);
            }
        }
    }

    /// <summary>The event time of event <paramref name="number"/>: whole milliseconds, in µs since 1970.</summary>
    public long TimeOf(long number)
    {
        long micros = _options.BaseTimeMicros + (long)((Int128)number * 1_000_000 / _options.Rate);
        return micros - (((micros % 1000) + 1000) % 1000);
    }

    private long OutOfOrder(long number)
    {
        long group = _options.OutOfOrderGroup;
        return group <= 1 ? number : (number / group * group) + (number * 953 % group);
    }

    private void AppendPerson(BatchBuilder to, long number)
    {
        var random = new JavaRandom(number);
        ColumnBuilder[] c = to.Columns;
        ((FixedBuilder<long>)c[0]).Append(LastPerson(number) + FirstId);
        int size = 8;
        size += NexmarkText.AppendName(ref random, (BytesBuilder)c[1]);
        size += NexmarkText.AppendEmail(ref random, (BytesBuilder)c[2]);
        size += NexmarkText.AppendCreditCard(ref random, (BytesBuilder)c[3]);
        size += NexmarkText.AppendOneOf(ref random, NexmarkText.Cities, (BytesBuilder)c[4]);
        size += NexmarkText.AppendOneOf(ref random, NexmarkText.States, (BytesBuilder)c[5]);
        ((FixedBuilder<long>)c[6]).Append(TimeOf(number));
        NexmarkText.AppendExtra(ref random, (BytesBuilder)c[7], size, PersonBytes);
        to.EndRow();
    }

    private void AppendAuction(BatchBuilder to, long number)
    {
        var random = new JavaRandom(number);
        ColumnBuilder[] c = to.Columns;
        ((FixedBuilder<long>)c[0]).Append(LastAuction(number) + FirstId);
        long seller = random.NextInt(4) > 0 ? LastPerson(number) / HotEvery * HotEvery : AnyPerson(ref random, number);
        int category = FirstCategory + random.NextInt(Categories);
        long initialBid = Price(ref random);
        long time = TimeOf(number);
        const long eventsAhead = AuctionsInFlight * Cycle / Auctions;
        long horizonMs = (TimeOf(number + eventsAhead) - time) / 1000;
        long lifeMs = 1 + random.NextLong(Math.Max(horizonMs * 2, 1));
        int size = 48;
        size += NexmarkText.AppendText(ref random, (BytesBuilder)c[1], 20);
        size += NexmarkText.AppendText(ref random, (BytesBuilder)c[2], 100);
        ((FixedBuilder<long>)c[3]).Append(initialBid);
        ((FixedBuilder<long>)c[4]).Append(initialBid + Price(ref random));
        ((FixedBuilder<long>)c[5]).Append(time);
        ((FixedBuilder<long>)c[6]).Append(time + lifeMs * 1000);
        ((FixedBuilder<long>)c[7]).Append(seller + FirstId);
        ((FixedBuilder<long>)c[8]).Append(category);
        NexmarkText.AppendExtra(ref random, (BytesBuilder)c[9], size, AuctionBytes);
        to.EndRow();
    }

    private void AppendBid(BatchBuilder to, long number)
    {
        var random = new JavaRandom(number);
        ColumnBuilder[] c = to.Columns;
        long auction = random.NextInt(2) > 0 ? LastAuction(number) / HotEvery * HotEvery : AnyAuction(ref random, number);
        long bidder = random.NextInt(4) > 0 ? (LastPerson(number) / HotEvery * HotEvery) + 1 : AnyPerson(ref random, number);
        ((FixedBuilder<long>)c[0]).Append(auction + FirstId);
        ((FixedBuilder<long>)c[1]).Append(bidder + FirstId);
        ((FixedBuilder<long>)c[2]).Append(Price(ref random));
        NexmarkText.AppendChannel(ref random, (BytesBuilder)c[3], (BytesBuilder)c[4]);
        ((FixedBuilder<long>)c[5]).Append(TimeOf(number));
        NexmarkText.AppendExtra(ref random, (BytesBuilder)c[6], 32, BidBytes);
        to.EndRow();
    }

    // Ids below are counted from 0; FirstId is added when they are written.
    internal static long LastPerson(long number) => number / Cycle;

    internal static long LastAuction(long number)
    {
        long epoch = number / Cycle;
        int offset = (int)(number % Cycle);
        return offset < Persons ? (epoch * Auctions) - 1
            : offset < Persons + Auctions ? (epoch * Auctions) + offset - Persons
            : (epoch * Auctions) + Auctions - 1;
    }

    private static long AnyPerson(ref JavaRandom random, long number)
    {
        long people = LastPerson(number) + 1;
        long active = Math.Min(people, PeopleActive);
        return people - active + random.NextLong(active + IdLead);
    }

    private static long AnyAuction(ref JavaRandom random, long number)
    {
        long last = LastAuction(number);
        long first = Math.Max(last - AuctionsInFlight, 0);
        return first + random.NextLong(last - first + 1 + IdLead);
    }

    private static long Price(ref JavaRandom random) => (long)Math.Floor((Math.Pow(10, random.NextDouble() * 6) * 100) + 0.5);
}
