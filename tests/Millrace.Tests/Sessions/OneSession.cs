// A database in a folder of its own and one session of it: what tests of sessions begin with.
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Sessions;

/// <summary>Opens both before a test and closes them after it.</summary>
public abstract class OneSession : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    private protected Database Database { get; private set; } = null!;

    private protected Session Session { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Database = await Database.OpenAsync(_folder.In("data"));
        Session = Database.NewSession();
        await SetUpAsync();
    }

    public async Task DisposeAsync()
    {
        await Session.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private protected abstract Task SetUpAsync();

    private protected async Task Run(string sql) => await Session.ExecuteAsync(sql);

    private protected async Task StateAsync(string state, string sql)
    {
        var e = await Record.ExceptionAsync(() => Session.ExecuteAsync(sql).AsTask()) as SqlException;
        Assert.True(e?.SqlState == state, $"{sql}: {e?.SqlState} {e?.Message}");
    }
}
