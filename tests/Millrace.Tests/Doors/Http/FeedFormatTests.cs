// A change's frame is made once for all readers of a feed in one form, and is never another feed's or another form's.
using System.Net;
using System.Text;
using System.Text.Json;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Doors.Http.Feeds;
using Xunit;

namespace Millrace.Tests.Doors.Http;

public sealed class FeedFormatTests : IAsyncLifetime
{
    private const string Plain = "SELECT id, x FROM t";
    private const string Named = "SELECT id AS \"number\", x AS name FROM t";
    private Database _db = null!;

    public async Task InitializeAsync()
    {
        _db = await Database.OpenInMemoryAsync();
        await _db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, x text)");
        await _db.ExecuteAsync("INSERT INTO t VALUES (1, 'one')");
    }

    public async Task DisposeAsync() => await _db.DisposeAsync();

    [Fact]
    public async Task ReadersOfOneFeedAreGivenOneFrame()
    {
        await using FeedReader first = await _db.FollowAsync(Plain);
        await using FeedReader second = await _db.FollowAsync(Plain);
        await _db.ExecuteAsync("UPDATE t SET x = 'uno' WHERE id = 1");
        var format = new FeedFormat(FeedMode.Changes, objects: false);
        (Batch a, Batch b) = (await TakeAsync(first), await TakeAsync(second));
        Assert.Same(a, b);
        SharedEvent made = format.Delta(a, first);
        Assert.Same(made, format.Delta(b, second));
        Assert.Equal(first.Place, made.Id);
        Assert.Equal($"{{\"epoch\":{first.Epoch},\"changes\":[[-1,[1,\"one\"]],[1,[1,\"uno\"]]]}}", TextOf(made.Data));
        Assert.Equal($"event: delta\nid: {first.Place}\ndata: {TextOf(made.Data)}\n\n", TextOf(made.Frame));

        // The next change has a frame of its own, and the one before keeps its own.
        await _db.ExecuteAsync("INSERT INTO t VALUES (2, 'ü\"\n')");
        Batch next = await TakeAsync(first);
        SharedEvent after = format.Delta(next, first);
        Assert.NotSame(made, after);
        Assert.NotEqual(made.Id, after.Id);
        Assert.Equal(after.Id, first.Place);
        Assert.Same(made, format.Delta(a, second));
        Assert.DoesNotContain('\n', TextOf(after.Data));
        Assert.Equal("ü\"\n", JsonDocument.Parse(after.Data).RootElement.GetProperty("changes")[0][1][1].GetString());
        Assert.Same(after, format.Delta(await TakeAsync(second), second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TwoFeedsOfOneBatchHaveAFrameEach(bool plainFirst)
    {
        await using FeedReader plain = await _db.FollowAsync(Plain);
        await using FeedReader named = await _db.FollowAsync(Named);
        await using FeedReader other = await _db.FollowAsync(Named);
        await _db.ExecuteAsync("INSERT INTO t VALUES (2, 'two')");
        Batch batch = await TakeAsync(plain);
        await TakeAsync(named);
        await TakeAsync(other);
        Assert.Equal(plain.Epoch, named.Epoch);

        // One batch for both, as it is when neither query has anything to work out.
        var format = new FeedFormat(FeedMode.Delta, objects: true);
        SharedEvent a = format.Delta(batch, plainFirst ? plain : named);
        SharedEvent b = format.Delta(batch, plainFirst ? named : plain);
        (SharedEvent ofPlain, SharedEvent ofNamed) = plainFirst ? (a, b) : (b, a);
        Assert.Equal((plain.Place, named.Place), (ofPlain.Id, ofNamed.Id));
        Assert.NotEqual(ofPlain.Id, ofNamed.Id);
        Assert.Contains("\"upserts\":[{\"id\":2,\"x\":\"two\"}]", TextOf(ofPlain.Data), StringComparison.Ordinal);
        Assert.Contains("\"upserts\":[{\"number\":2,\"name\":\"two\"}]", TextOf(ofNamed.Data), StringComparison.Ordinal);

        // Both are made once, whoever was first.
        Assert.Same(ofNamed, format.Delta(batch, other));
        Assert.Same(ofPlain, format.Delta(batch, plain));
        Assert.Same(ofNamed, format.Delta(batch, named));
    }

    [Fact]
    public async Task FormsOfOneBatchDoNotMix()
    {
        await using FeedReader reader = await _db.FollowAsync(Plain);
        await _db.ExecuteAsync("UPDATE t SET x = 'uno' WHERE id = 1");
        Batch batch = await TakeAsync(reader);
        FeedFormat[] formats = [new(FeedMode.Changes, false), new(FeedMode.Changes, true), new(FeedMode.Delta, false), new(FeedMode.Delta, true)];
        SharedEvent[] made = [.. formats.Select(f => f.Delta(batch, reader))];
        string[] wanted =
        [
            "\"changes\":[[-1,[1,\"one\"]],[1,[1,\"uno\"]]]}", "\"changes\":[[-1,{\"id\":1,\"x\":\"one\"}],[1,{\"id\":1,\"x\":\"uno\"}]]}",
            "\"upserts\":[[1,\"uno\"]],\"deletes\":[]}", "\"upserts\":[{\"id\":1,\"x\":\"uno\"}],\"deletes\":[]}",
        ];
        foreach ((int i, string text) in wanted.Index())
        {
            Assert.EndsWith(text, TextOf(made[i].Data), StringComparison.Ordinal);
            Assert.Equal(reader.Place, made[i].Id);
            Assert.Same(made[i], formats[i].Delta(batch, reader));
        }
    }

    [Fact]
    public async Task WhatIsMergedForOneReaderIsNobodyElses()
    {
        await using FeedReader quick = await _db.FollowAsync(Plain);
        await using FeedReader slow = await _db.FollowAsync(Plain);
        var format = new FeedFormat(FeedMode.Delta, objects: true);
        await _db.ExecuteAsync("INSERT INTO t VALUES (2, 'two')");
        format.Delta(await TakeAsync(quick), quick);
        await _db.ExecuteAsync("UPDATE t SET x = 'dos' WHERE id = 2");
        SharedEvent last = format.Delta(await TakeAsync(quick), quick);
        FeedUpdate merged = slow.Next(mergeBeyond: 1)!;
        Assert.Equal((2, quick.Place), (merged.Versions, slow.Place));
        string text = Encoding.UTF8.GetString(format.Delta(merged.Batch!, slow, merged.Versions));
        Assert.EndsWith("\"merged\":2,\"upserts\":[{\"id\":2,\"x\":\"dos\"}],\"deletes\":[]}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("merged", TextOf(last.Data), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadersThatWakeTogetherMakeItOnce()
    {
        FeedReader[] readers = [.. await Task.WhenAll(Enumerable.Range(0, 16).Select(i => _db.FollowAsync(i % 2 == 0 ? Plain : Named).AsTask()))];
        var format = new FeedFormat(FeedMode.Changes, objects: true);
        for (int round = 2; round < 30; round++)
        {
            await _db.ExecuteAsync($"INSERT INTO t VALUES ({round}, 'x')");
            Batch batch = (await Task.WhenAll(readers.Select(TakeAsync)))[0];
            var made = new SharedEvent[readers.Length];
            Parallel.For(0, readers.Length, i => made[i] = format.Delta(batch, readers[i]));
            Assert.Equal(2, made.Distinct().Count());
            Assert.All(readers.Index(), r => Assert.Equal(r.Item.Place, made[r.Index].Id));
        }

        foreach (FeedReader reader in readers)
        {
            await reader.DisposeAsync();
        }
    }

    [Fact]
    public async Task OverTheWireEveryReaderGetsItsOwnAndComesBackByIt()
    {
        await _db.ExecuteAsync("CREATE ENDPOINT plain AS " + Plain);
        await _db.ExecuteAsync("CREATE ENDPOINT named AS " + Named);
        await using DoorHost host = await DoorHost.StartAsync(_db, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null });
        using HttpClient client = HttpSafetyTests.Client(host);
        string[] addresses =
        [
            "/v1/endpoints/plain", "/v1/endpoints/plain", "/v1/endpoints/named", "/v1/endpoints/plain?mode=changes",
            "/v1/subscribe?query=" + Uri.EscapeDataString(Plain), "/v1/subscribe?query=" + Uri.EscapeDataString(Named) + "&mode=delta",
        ];
        string[] wanted =
        [
            "\"upserts\":[{\"id\":2,\"x\":\"two\"}],\"deletes\":[]}", "\"upserts\":[{\"id\":2,\"x\":\"two\"}],\"deletes\":[]}", "\"upserts\":[{\"number\":2,\"name\":\"two\"}],\"deletes\":[]}",
            "\"changes\":[[1,{\"id\":2,\"x\":\"two\"}]]}", "\"changes\":[[1,[2,\"two\"]]]}", "\"upserts\":[[2,\"two\"]],\"deletes\":[]}",
        ];
        StreamReader[] streams = [.. await Task.WhenAll(addresses.Select(a => OpenAsync(client, a)))];
        foreach (StreamReader stream in streams)
        {
            await EventAsync(stream, "snapshot");
        }

        await _db.ExecuteAsync("INSERT INTO t VALUES (2, 'two')");
        var ids = new List<string>();
        foreach ((int i, StreamReader stream) in streams.Index())
        {
            (string data, string id) = await EventAsync(stream, "delta");
            Assert.EndsWith(wanted[i], data, StringComparison.Ordinal);
            Assert.StartsWith(id.Split('-')[0], data["{\"epoch\":".Length..], StringComparison.Ordinal);
            ids.Add(id);
            stream.Dispose();
        }

        // Readers of one feed have one place, whatever form they see it in; other feeds have others.
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(ids[0], ids[3]);
        Assert.NotEqual(ids[0], ids[2]);
        await _db.ExecuteAsync("DELETE FROM t WHERE id = 2");
        foreach ((int i, string address) in addresses.Index())
        {
            using StreamReader back = await OpenAsync(client, address, ids[i]);
            Assert.Contains("\"resumed\":true", (await EventAsync(back, "schema")).Data, StringComparison.Ordinal);
            string data = (await EventAsync(back, "delta")).Data;
            Assert.True(data.Contains("\"upserts\":[],\"deletes\":[{\"", StringComparison.Ordinal) || data.Contains("\"changes\":[[-1,", StringComparison.Ordinal), data);
        }

        // The place of one feed is none in another.
        using StreamReader strange = await OpenAsync(client, addresses[2], ids[0]);
        await EventAsync(strange, "reset");
        await EventAsync(strange, "snapshot");
    }

    private static string TextOf(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static async Task<Batch> TakeAsync(FeedReader reader)
    {
        await reader.WaitAsync(CancellationToken.None);
        return reader.Next()!.Batch!;
    }

    private static async Task<StreamReader> OpenAsync(HttpClient client, string address, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Accept = { new("text/event-stream") } } };
        if (lastId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastId);
        }

        HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    // The next event of a name; what comes before it is passed over.
    private static async Task<(string Data, string Id)> EventAsync(StreamReader stream, string name)
    {
        (string got, string data, string id) = ("", "", "");
        while (await stream.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 && got == name)
            {
                return (data, id);
            }

            (got, data, id) = line.Length == 0 ? ("", "", "")
                : line.StartsWith("event: ", StringComparison.Ordinal) ? (line[7..], data, id)
                : line.StartsWith("data: ", StringComparison.Ordinal) ? (got, line[6..], id)
                : line.StartsWith("id: ", StringComparison.Ordinal) ? (got, data, line[4..])
                : (got, data, id);
        }

        throw new EndOfStreamException(name);
    }
}
