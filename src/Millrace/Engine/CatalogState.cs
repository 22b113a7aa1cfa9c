// The catalog as the engine changes it, and the history of statements that led to it.
using System.Globalization;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>One statement of the catalog's history. Replaying them in order gives the catalog, with every view bound to what its names meant then.</summary>
internal readonly record struct Definition(int ObjectId, string Statement);

/// <summary>Objects by id, their history, and the snapshot readers get.</summary>
internal sealed class CatalogState
{
    private readonly SortedDictionary<int, CatalogObject> _objects = [];
    private readonly Dictionary<int, long> _retention = [];
    private CatalogSnapshot? _snapshot;
    private long _version;

    /// <summary>Statements that changed the catalog, in order.</summary>
    public List<Definition> History { get; } = [];

    /// <summary>The id the next object gets. Never reused.</summary>
    public int NextId { get; set; } = 1;

    public IEnumerable<CatalogObject> All => _objects.Values;

    public CatalogObject this[int id] => _objects[id];

    public CatalogSnapshot Snapshot() => _snapshot ??= new CatalogSnapshot(_objects.Values.Concat(SystemObjects), _version);


    private static readonly CatalogObject[] SystemObjects = [.. SystemRelations.All.Select(r => r.Object)];

    public void Put(CatalogObject o)
    {
        _retention.Remove(o.Id);
        if (o.Options.TryGetValue("retention", out string? text))
        {
            _retention[o.Id] = ParseRetention(text);
        }

        _objects[o.Id] = o;
        Touch();
    }

    public void Remove(int id)
    {
        _objects.Remove(id);
        _retention.Remove(id);
        Touch();
    }

    /// <summary>How long rows are kept, µs; null for ever.</summary>
    public long? RetentionMicros(int id) => _retention.TryGetValue(id, out long micros) ? micros : null;

    /// <summary>Objects that read <paramref name="id"/>.</summary>
    public IEnumerable<CatalogObject> DependentsOf(int id) => _objects.Values.Where(o => o.DependsOn.Contains(id));

    private void Touch()
    {
        _version++;
        _snapshot = null;
    }

    private static long ParseRetention(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 2 && long.TryParse(parts[0], CultureInfo.InvariantCulture, out long count) && count > 0)
        {
            long unit = parts[1].TrimEnd('s').ToLowerInvariant() switch
            {
                "second" or "sec" => 1_000_000L,
                "minute" or "min" => 60_000_000L,
                "hour" => 3_600_000_000L,
                "day" => 86_400_000_000L,
                "week" => 7 * 86_400_000_000L,
                _ => 0,
            };
            if (unit > 0 && count < long.MaxValue / unit)
            {
                return count * unit;
            }
        }

        throw new SqlException("22023", $"retention \"{text}\" is not a length of time", hint: "write a count and a unit, such as '10 minutes' or '7 days'");
    }
}
