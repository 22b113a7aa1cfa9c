// The PostgreSQL door over real sockets: start-up, both query protocols, COPY, SUBSCRIBE, cancel, limits, and clients that misbehave.
using System.Net;
using System.Text;
using Millrace.Core;
using Millrace.Doors.Postgres;
using Xunit;

namespace Millrace.Tests.Doors.Postgres;

public sealed class DoorTests : IAsyncLifetime
{
    private readonly List<FakeSession> _sessions = [];
    private readonly ManualTime _time = new();
    private DoorHost _host = null!;

    public async Task InitializeAsync() => _host = await DoorHost.StartAsync(New, new PostgresDoorOptions
    {
        MessageBytesMax = 1 << 20,
        ConnectionsMax = 4,
        Time = _time,
    });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public void StartupTellsWhoTheServerIs()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("", 80877103);
        Assert.Equal((byte)'N', client.ReadByte());
        client.Startup("", 80877104);
        Assert.Equal((byte)'N', client.ReadByte());
        client.Startup("user\0me\0database\0x\0application_name\0test\0options\0-c timezone=UTC\0\0");
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal('R', messages[0].Type);
        Assert.Contains(('S', "server_version\0" + PostgresConnection.ServerVersion + "\0"), messages);
        Assert.StartsWith("15.0 (Millrace ", PostgresConnection.ServerVersion, StringComparison.Ordinal);
        Assert.Contains(('S', "client_encoding\0UTF8\0"), messages);
        Assert.Contains(('S', "application_name\0test\0"), messages);
        Assert.Contains(('S', "integer_datetimes\0on\0"), messages);
        Assert.Equal('K', messages[^2].Type);
        Assert.Equal(('Z', "I"), messages[^1]);
    }

    [Fact]
    public void ANewerMinorVersionIsNegotiated()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("user\0me\0_pq_.x\01\0\0", 196610);
        Assert.Equal(('v', "\0\0\0\0\0\0\0\u0001_pq_.x\0"), client.Until('Z')[0]);
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", "08P01")]
    [InlineData("\0\0\0\u0008\0\u0002\0\0", "0A000")]
    [InlineData("\0\0\0\u0009\0\u0003\0\0\0", "28000")]
    public void WhatIsNoClientIsToldSoAndClosed(string bytes, string sqlState)
    {
        using var client = new RawClient(_host.Port);
        client.Send(Encoding.Latin1.GetBytes(bytes));
        (char type, string body) = client.Read();
        Assert.Equal('E', type);
        Assert.StartsWith($"SFATAL\0VFATAL\0C{sqlState}\0", body, StringComparison.Ordinal);
        Assert.Equal('-', client.Read().Type);
    }

    [Fact]
    public void ASilentClientIsClosed()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("", 80877103);
        Assert.Equal((byte)'N', client.ReadByte()); // now its time runs
        client.Send([0, 0, 0]);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.StartsWith("SFATAL\0VFATAL\0C57014\0", client.Read().Body, StringComparison.Ordinal);
        Assert.Equal('-', client.Read().Type);
    }

    [Fact]
    public void AnUnknownSettingAtStartupIsFatal()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("user\0me\0nonsense\01\0\0");
        Assert.StartsWith("SFATAL\0VFATAL\0C42704\0", client.Read().Body, StringComparison.Ordinal);
    }

    [Fact]
    public void ThereIsALimitOfConnections()
    {
        var clients = Enumerable.Range(0, 4).Select(_ => RawClient.Login(_host.Port)).ToList();
        using (var fifth = new RawClient(_host.Port))
        {
            fifth.Startup("user\0me\0\0");
            Assert.StartsWith("SFATAL\0VFATAL\0C53300\0", fifth.Read().Body, StringComparison.Ordinal);
        }

        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public void ThereIsALimitOfConnectionsThatSayNothing()
    {
        var silent = Enumerable.Range(0, 20).Select(_ => new RawClient(_host.Port)).ToList();
        using (var late = new RawClient(_host.Port))
        {
            Assert.StartsWith("SFATAL\0VFATAL\0C53300\0", late.Read().Body, StringComparison.Ordinal);
            Assert.Equal('-', late.Read().Type);
        }

        silent.ForEach(c => c.Dispose());
    }

    [Fact]
    public void SimpleQueries()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query("SELECT 2");
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("TDDCZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Equal("\0\u0002i\0\0\0\0\0\0\0\0\0\0\u0017\0\u0004\uFFFD\uFFFD\uFFFD\uFFFD\0\0t\0\0\0\0\0\0\0\0\0\0\u0019\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\0\0", messages[0].Body);
        Assert.Equal("\0\u0002\0\0\0\u00011\0\0\0\u0005row 1", messages[1].Body);
        Assert.Equal("SELECT 2\0", messages[3].Body);
        client.Query("");
        Assert.Equal("IZ", client.Types());
        client.Query("SELECT 1; SELECT 0; BEGIN");
        Assert.Equal("TDCTCNCZ", client.Types());
        client.Query("COMMIT");
        Assert.Equal(('Z', "I"), client.Until('Z')[^1]);
        client.Query("SET application_name = 'x'");
        Assert.Equal("CSZ", client.Types());
    }

    [Fact]
    public void ErrorsSayWhereAndWhatToDo()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query("SELECT 0; /* 𝄞 */ DELETE FROM nope");
        string error = client.Until('Z')[^2].Body;
        Assert.Equal("SERROR\0VERROR\0C42P01\0Mrelation \"nope\" does not exist\0Dmore\0Hlook it up\0P31\0\0", error);
        client.Query("SELEC 1");
        Assert.Contains("C42601\0", client.Until('Z')[0].Body, StringComparison.Ordinal);
        client.Query("SELECT 1");
        Assert.Equal("TDCZ", client.Types());
    }

    [Fact]
    public void ExtendedQueriesWithPortalsThatStopAndGoOn()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Message('P', "s^SELECT 5^~2:0;");
        client.Message('D', "Ss^");
        client.Message('B', "p^s^~2:0;~2:0;~2:1;~2:1;");
        client.Message('D', "Pp^");
        client.Message('E', "p^~4:2;");
        client.Message('E', "p^~4:2;");
        client.Message('E', "p^~4:2;");
        client.Message('C', "Pp^");
        client.Message('S');
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("1tT2TDDsDDsDC3Z", string.Concat(messages.Select(m => m.Type)));
        Assert.Equal("\0\u0002\0\0\0\u0004\0\0\0\u0001\0\0\0\u0005row 1", messages[5].Body);
        Assert.Equal("SELECT 1\0", messages[12].Body);
        client.Message('B', "^s^~2:0;~2:0;~2:0;");
        client.Message('E', "^~4:0;");
        client.Message('E', "nope^~4:0;");
        client.Message('E', "^~4:0;");
        client.Message('S');
        Assert.Equal("2DDDDDCEZ", client.Types());
        client.Message('P', "s^SELECT 1^~2:0;");
        client.Message('S');
        Assert.Contains("C42P05", client.Until('Z')[0].Body, StringComparison.Ordinal);
        client.Message('P', "^^~2:0;");
        client.Message('B', "^^~2:0;~2:0;~2:0;");
        client.Message('E', "^~4:0;");
        client.Message('S');
        Assert.Equal("12IZ", client.Types());
    }

    [Fact]
    public void WhatIsPipelinedOrInOneTextIsOneTransaction()
    {
        using RawClient client = RawClient.Login(_host.Port);
        byte[] one = [.. RawClient.Encode('P', "^SELECT 1^~2:0;"), .. RawClient.Encode('B', "^^~2:0;~2:0;~2:0;"), .. RawClient.Encode('E', "^~4:0;")];
        client.Send([.. one, .. one, .. RawClient.Encode('S', "")]);
        Assert.Equal("12DC12DCZ", client.Types());
        client.Query("SELECT 1; SELECT 1");
        client.Types();
        client.Query("SELECT 1; DELETE FROM nope; SELECT 1");
        Assert.Equal("TDCEZ", client.Types());
        Assert.Equal(["begin", "commit", "begin", "commit", "begin", "rollback"], _sessions[^1].Implicit);
    }

    [Theory]
    [InlineData(23, 0, "42", "\0\u0001\0\0\0\u000242")]
    [InlineData(1043, 0, "é", "\0\u0001\0\0\0\u0002é")]
    [InlineData(0, 0, "x", "\0\u0001\0\0\0\u0001x")]
    public void ParametersInText(int oid, int format, string value, string row)
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Message('P', $"^SELECT $1^~2:1;~4:{oid};");
        client.Message('B', $"^^~2:1;~2:{format};~2:1;~4:{Encoding.UTF8.GetByteCount(value)};{value}~2:0;");
        client.Message('E', "^~4:0;");
        client.Message('S');
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("12DCZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Equal(row, messages[2].Body);
    }

    [Theory]
    [InlineData(1043, "\0\u0001\0\0\u0004\u0013")]
    [InlineData(1042, "\0\u0001\0\0\u0004\u0012")]
    [InlineData(23, "\0\u0001\0\0\0\u0017")]
    [InlineData(0, "\0\u0001\0\0\0\u0019")]
    public void AParameterIsDescribedAsItWasDeclared(int oid, string description)
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Message('P', $"s^SELECT $1^~2:1;~4:{oid};");
        client.Message('D', "Ss^");
        client.Message('S');
        Assert.Contains(('t', description), client.Until('Z'));
    }

    [Fact]
    public void ABadParameterIsAnErrorAndSkipsToSync()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Message('P', "^SELECT $1^~2:1;~4:23;");
        client.Message('B', "^^~2:0;~2:1;~4:1;x~2:0;");
        client.Message('E', "^~4:0;");
        client.Message('E', "^~4:0;");
        client.Message('S');
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("1EZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Contains("C22P02", messages[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public void CopyInTextCsvAndItsErrors()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query("COPY t FROM STDIN");
        Assert.Equal('G', client.Read().Type);
        client.Message('d', "1\ta\n2");
        client.Message('d', "\t\\N\n");
        client.Message('c');
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal(('C', "COPY 2\0"), messages[0]);
        Assert.Equal(["1|a", "2|"], _sessions[^1].Copied);

        client.Query("COPY t FROM STDIN WITH (FORMAT csv)");
        Assert.Equal('G', client.Read().Type);
        client.Message('d', "1,a\nx,b\n");
        client.Message('d', "3,c\n");
        client.Message('c');
        messages = client.Until('Z');
        Assert.Equal("EZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Contains("WCOPY t, line 2, column i: \"x\"\0", messages[0].Body, StringComparison.Ordinal);

        client.Query("COPY t FROM STDIN");
        client.Message('f', "changed my mind^");
        Assert.Contains("MCOPY from stdin failed: changed my mind\0", client.Until('Z')[1].Body, StringComparison.Ordinal);
        Assert.Equal(2, _sessions[^1].Copied.Count);
    }

    [Fact]
    public void CopyOut()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query("COPY t TO STDOUT WITH (FORMAT csv, HEADER)");
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("HdddcCZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Equal("i,t\n1,row 1\n2,row 2\n", messages[1].Body + messages[2].Body + messages[3].Body);
        Assert.Equal("COPY 2\0", messages[5].Body);
    }

    [Fact]
    public async Task SubscribeStreamsUntilItIsCancelled()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("user\0me\0\0");
        string key = client.Until('Z').First(m => m.Type == 'K').Body;
        client.Query("SUBSCRIBE t");
        Assert.Contains("epoch\0", client.Read().Body, StringComparison.Ordinal);
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(SubscriptionEventKind.Snapshot, 7, 0, FakeSession.Rows(1), true));
        Assert.Equal(('D', "\0\u0004\0\0\0\u00017\0\0\0\u00011\0\0\0\u00011\0\0\0\u0005row 1"), client.Read());
        var delta = new Batch(FakeSession.Rows(1, 2).Columns, 1, [-1]);
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(SubscriptionEventKind.Delta, 8, 0, delta));
        Assert.Equal(('D', "\0\u0004\0\0\0\u00018\0\0\0\u0002-1\0\0\0\u00012\0\0\0\u0005row 2"), client.Read());
        Cancel(key);
        List<(char Type, string Body)> messages = client.Until('Z');
        Assert.Equal("EZ", string.Concat(messages.Select(m => m.Type)));
        Assert.Contains("C57014", messages[0].Body, StringComparison.Ordinal);
        client.Query("SELECT 1");
        Assert.Equal("TDCZ", client.Types());
    }

    [Fact]
    public async Task PsqlGetsASubscriptionAsLinesSinceItGathersResultsWhole()
    {
        using RawClient client = RawClient.Login(_host.Port, "application_name\0psql\0");
        client.Query("SUBSCRIBE t");
        Assert.Equal('H', client.Read().Type);
        Assert.Equal(('d', "epoch\tweight\ti\tt\n"), client.Read());
        var delta = new Batch(FakeSession.Rows(1, 2).Columns, 1, [-1]);
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(SubscriptionEventKind.Delta, 8, 0, delta));
        Assert.Equal(('d', "8\t-1\t2\trow 2\n"), client.Read());
        _sessions[^1].Changes.Writer.Complete();
        Assert.Equal("cCZ", client.Types());
    }

    [Fact]
    public async Task ASubscriptionThatFailsEndsWithItsError()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query("SUBSCRIBE t");
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(
            SubscriptionEventKind.Error, 7, 0, Error: new SqlException("53400", "too slow")));
        Assert.Contains("C53400\0Mtoo slow\0", client.Until('Z')[^2].Body, StringComparison.Ordinal);
    }

    // As pg-cursor reads, with Flush and no Sync: an Execute gives its one row without waiting for the change behind it, and a Close ends the one that waits.
    [Fact]
    public async Task ASubscriptionIsReadRowByRowAndLeft()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Message('P', "^SUBSCRIBE t^~2:0;");
        client.Message('B', "^^~2:0;~2:0;~2:0;");
        client.Message('E', "^~4:1;");
        client.Message('H');
        Assert.Equal("12", string.Concat(client.Read().Type, client.Read().Type));
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(SubscriptionEventKind.Snapshot, 7, 0, FakeSession.Rows(1), true));
        Assert.Equal("Ds", string.Concat(client.Read().Type, client.Read().Type));
        await _sessions[^1].Changes.Writer.WriteAsync(new SubscriptionEvent(SubscriptionEventKind.Delta, 8, 0, FakeSession.Rows(1, 2)));
        client.Message('E', "^~4:1;");
        client.Message('H');
        Assert.Equal("Ds", string.Concat(client.Read().Type, client.Read().Type));
        client.Message('E', "^~4:1;");
        client.Message('H');
        client.Message('C', "P^");
        client.Message('S');
        Assert.Equal("s3Z", string.Concat(client.Until('Z').Select(m => m.Type)));
        client.Query("SELECT 1");
        Assert.Equal("TDCZ", client.Types());
    }

    [Theory]
    [InlineData("5s", 5000)]
    [InlineData("250", 250)]
    public async Task AStatementThatTakesLongerThanItsTimeoutEnds(string setting, int milliseconds)
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Query($"SET statement_timeout TO '{setting}'");
        client.Until('Z');

        // What ends in time is not touched by the clock that went on behind it.
        client.Query("SELECT 1");
        client.Until('Z');
        _time.Advance(TimeSpan.FromHours(1));
        client.Query("SELECT 'hang'");
        await UntilAsync(() => _sessions[^1].Hanging);
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (char type, string body) = client.Read();
        Assert.Equal('E', type);
        Assert.Contains("C57014\0Mcanceling statement due to statement timeout\0", body, StringComparison.Ordinal);
        client.Until('Z');
        client.Query("SET statement_timeout TO 0");
        client.Until('Z');
        client.Query("SELECT 2");
        Assert.Contains('D', client.Until('Z').Select(m => m.Type));
    }

    [Fact]
    public async Task CancelStopsAStatementAndOnlyWithTheRightKey()
    {
        using var client = new RawClient(_host.Port);
        client.Startup("user\0me\0\0");
        string key = client.Until('Z').First(m => m.Type == 'K').Body;
        client.Query("SELECT 'hang'");
        await UntilAsync(() => _sessions[^1].Hanging);
        Cancel(key[..^1] + (char)(key[^1] ^ 1));
        Cancel(key);
        Assert.Contains("C57014", client.Until('Z')[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientThatGoesAwayEndsItsStatementAndSession()
    {
        RawClient client = RawClient.Login(_host.Port);
        FakeSession session = _sessions[^1];
        client.Query("SELECT 'hang'");
        await UntilAsync(() => session.Hanging);
        client.Dispose();
        await UntilAsync(() => session.Disposed == 1);
    }

    [Fact]
    public async Task AClientThatDoesNotReadIsCut()
    {
        using RawClient client = RawClient.Login(_host.Port);
        FakeSession session = _sessions[^1];
        client.Socket.ReceiveBufferSize = 4096;
        client.Query("SELECT 2000000");
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(61));
            return session.Disposed == 1;
        });
    }

    [Fact]
    public async Task AMessageOverTheLimitEndsTheConnectionBeforeItIsRead()
    {
        using RawClient client = RawClient.Login(_host.Port);
        client.Send([(byte)'Q', 0x7F, 0xFF, 0xFF, 0xFF]);
        Assert.StartsWith("SFATAL\0VFATAL\0C08P01", client.Read().Body, StringComparison.Ordinal);
        await UntilAsync(() => _sessions[^1].Disposed == 1);
    }

    [Fact]
    public async Task StoppingTheHostTellsIdleAndBusyClients()
    {
        using RawClient idle = RawClient.Login(_host.Port);
        using RawClient busy = RawClient.Login(_host.Port);
        using var stranger = new RawClient(_host.Port);
        stranger.Startup("", 80877103);
        Assert.Equal((byte)'N', stranger.ReadByte());
        busy.Query("SELECT 'hang'");
        await UntilAsync(() => _sessions[^1].Hanging);
        Task stop = _host.StopAsync();
        Assert.Contains("C57P01", idle.Until('-')[0].Body, StringComparison.Ordinal);
        Assert.Contains(busy.Until('-'), m => m.Body.Contains("C57P01", StringComparison.Ordinal));
        Assert.Contains("C57P03", stranger.Until('-')[0].Body, StringComparison.Ordinal);
        await stop.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void OneByteAtATimeIsSlowAndNothingElse()
    {
        using RawClient client = RawClient.Login(_host.Port);
        foreach (byte b in RawClient.Encode('Q', "SELECT 1^"))
        {
            client.Send([b]);
        }

        Assert.Equal("TDCZ", client.Types());
    }

    [Fact]
    public void ManyPipelinedMessagesAreAnsweredInOrder()
    {
        using RawClient client = RawClient.Login(_host.Port);
        byte[] one = [.. RawClient.Encode('P', "^SELECT 1^~2:0;"), .. RawClient.Encode('B', "^^~2:0;~2:0;~2:0;"), .. RawClient.Encode('E', "^~4:0;"), .. RawClient.Encode('S', "")];
        Task send = Task.Run(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                client.Send(one);
            }
        });
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal("12DCZ", client.Types());
        }

        Assert.True(send.IsCompletedSuccessfully);
    }

    [Fact]
    public void AMillionEmptyFramesAreReadAndForgotten()
    {
        using RawClient client = RawClient.Login(_host.Port);
        byte[] flush = RawClient.Encode('H', "");
        byte[] many = [.. Enumerable.Repeat(flush, 10_000).SelectMany(b => b)];
        for (int i = 0; i < 100; i++)
        {
            client.Send(many);
        }

        client.Query("SELECT 1");
        Assert.Equal("TDCZ", client.Types());
    }

    [Fact]
    public async Task AResetInTheMiddleOfAnAnswerEndsThatSession()
    {
        RawClient client = RawClient.Login(_host.Port);
        FakeSession session = _sessions[^1];
        client.Query("SELECT 500000");
        client.Read();
        client.Socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        client.Dispose();
        await UntilAsync(() => session.Disposed == 1);
    }

    [Fact]
    public async Task RandomBytesAfterLoginEndThatConnectionAlone()
    {
        var random = new Random(9);
        for (int i = 0; i < 200; i++)
        {
            using RawClient client = RawClient.Login(_host.Port);
            byte[] junk = new byte[random.Next(1, 200)];
            random.NextBytes(junk);
            junk[0] = (byte)"QPBDECSHFdcfXp"[random.Next(14)];
            if (random.Next(2) == 0)
            {
                junk = [junk[0], 0, 0, 0, (byte)Math.Min(junk.Length, 100), .. junk];
            }

            client.Send(junk);
            client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            client.Until('-');
            await UntilAsync(() => _sessions[^1].Disposed == 1);
        }

        using RawClient last = RawClient.Login(_host.Port);
        last.Query("SELECT 1");
        Assert.Equal("TDCZ", last.Types());
    }

    [Fact]
    public async Task AnAddressOfTheWorldIsRefused() => await Assert.ThrowsAsync<ArgumentException>(() => Task.Run(() =>
        PostgresDoor.Configure(new(), new IPEndPoint(IPAddress.Any, 0), New, new PostgresDoorOptions(), DoorHost.NoUsers)));

    private FakeSession New()
    {
        var session = new FakeSession();
        _sessions.Add(session);
        return session;
    }

    private void Cancel(string key)
    {
        using var other = new RawClient(_host.Port);
        other.Startup(key, 80877102);
        Assert.Equal('-', other.Read().Type);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        DateTime deadline = DateTime.UtcNow.AddSeconds(20);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not happen within 20 s");
            await Task.Delay(5);
        }
    }
}
