// Nexmark q0–q3 as somebody would write them in C# over the same columns: the yardstick.
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Bench;

/// <summary>Each gives the number of rows of the answer, which it has made into new arrays as the query's result columns.</summary>
internal static class NexmarkByHand
{
    private struct Seller
    {
        public bool Known;
        public (int Batch, int Row) Person;
        public List<long>? Auctions;
    }

    public static long Q0(NexmarkEvents events)
    {
        long rows = 0;
        foreach ((_, Batch batch) in events.Batches.Where(b => b.Input == "bid"))
        {
            rows += Give(Longs(batch, 0).ToArray(), Longs(batch, 1).ToArray(), Longs(batch, 2).ToArray(), Longs(batch, 5).ToArray(), Copy((BytesColumn)batch.Columns[6]));
        }

        return rows;
    }

    public static long Q1(NexmarkEvents events)
    {
        long rows = 0;
        foreach ((_, Batch batch) in events.Batches.Where(b => b.Input == "bid"))
        {
            ReadOnlySpan<long> prices = Longs(batch, 2);
            decimal[] euros = new decimal[prices.Length];
            for (int i = 0; i < euros.Length; i++)
            {
                euros[i] = 0.908m * prices[i];
            }

            rows += Give(Longs(batch, 0).ToArray(), Longs(batch, 1).ToArray(), euros, Longs(batch, 5).ToArray(), Copy((BytesColumn)batch.Columns[6]));
        }

        return rows;
    }

    public static long Q2(NexmarkEvents events)
    {
        long rows = 0;
        var auctions = new List<long>();
        var prices = new List<long>();
        foreach ((_, Batch batch) in events.Batches.Where(b => b.Input == "bid"))
        {
            ReadOnlySpan<long> auction = Longs(batch, 0);
            ReadOnlySpan<long> price = Longs(batch, 2);
            auctions.Clear();
            prices.Clear();
            for (int i = 0; i < auction.Length; i++)
            {
                if (auction[i] % 123 == 0)
                {
                    auctions.Add(auction[i]);
                    prices.Add(price[i]);
                }
            }

            rows += Give(auctions.ToArray(), prices.ToArray());
        }

        return rows;
    }

    // A symmetric hash join: both sides are kept by seller, and a row meets what the other side holds.
    public static long Q3(NexmarkEvents events)
    {
        var sellers = new Dictionary<long, Seller>();
        var given = new List<(byte[] Name, byte[] City, byte[] State, long Auction)>();
        for (int b = 0; b < events.Batches.Count; b++)
        {
            (string input, Batch batch) = events.Batches[b];
            if (input == "person")
            {
                ReadOnlySpan<long> ids = Longs(batch, 0);
                var states = (BytesColumn)batch.Columns[5];
                for (int i = 0; i < ids.Length; i++)
                {
                    ReadOnlySpan<byte> state = states.Span(i);
                    if (state.SequenceEqual("OR"u8) || state.SequenceEqual("ID"u8) || state.SequenceEqual("CA"u8))
                    {
                        ref Seller seller = ref CollectionsMarshal.GetValueRefOrAddDefault(sellers, ids[i], out _);
                        seller.Known = true;
                        seller.Person = (b, i);
                        foreach (long auction in seller.Auctions ?? [])
                        {
                            given.Add(Row(batch, i, auction));
                        }
                    }
                }
            }
            else if (input == "auction")
            {
                ReadOnlySpan<long> ids = Longs(batch, 0);
                ReadOnlySpan<long> by = Longs(batch, 7);
                ReadOnlySpan<long> categories = Longs(batch, 8);
                for (int i = 0; i < ids.Length; i++)
                {
                    if (categories[i] == 10)
                    {
                        ref Seller seller = ref CollectionsMarshal.GetValueRefOrAddDefault(sellers, by[i], out _);
                        (seller.Auctions ??= []).Add(ids[i]);
                        if (seller.Known)
                        {
                            given.Add(Row(events.Batches[seller.Person.Batch].Batch, seller.Person.Row, ids[i]));
                        }
                    }
                }
            }
        }

        return given.Count;
    }

    private static (byte[] Name, byte[] City, byte[] State, long Auction) Row(Batch persons, int row, long auction) => (
        ((BytesColumn)persons.Columns[1]).Span(row).ToArray(), ((BytesColumn)persons.Columns[4]).Span(row).ToArray(),
        ((BytesColumn)persons.Columns[5]).Span(row).ToArray(), auction);

    private static ReadOnlySpan<long> Longs(Batch batch, int column) => ((FixedColumn<long>)batch.Columns[column]).Values.AsSpan(0, batch.Count);

    private static (int[] Offsets, byte[] Data) Copy(BytesColumn column) =>
        (column.Offsets.AsSpan(0, column.Length + 1).ToArray(), column.Data.AsSpan(0, column.Offsets[column.Length]).ToArray());

    private static int Give<T>(T[] first, params object[] others)
    {
        // The columns must exist, or the compiler could leave the copying out.
        GC.KeepAlive(others);
        return first.Length;
    }
}
