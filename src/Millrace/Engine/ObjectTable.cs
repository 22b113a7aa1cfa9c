// The engine's objects by id: found by index, walked in order of id without allocating.
namespace Millrace.Engine;

/// <summary>
/// Live objects by catalog id. Ascending ids are topological order: what reads another object was created after it. <see cref="Values"/> is replaced,
/// never changed, so that a walk survives additions.
/// </summary>
internal sealed class ObjectTable
{
    private ObjectState?[] _byId = [];
    private ObjectState[]? _ordered;

    public int Count { get; private set; }

    /// <summary>One more than the largest id ever held.</summary>
    public int IdEnd => _byId.Length;

    /// <summary>All objects in ascending order of id.</summary>
    public ObjectState[] Values => _ordered ??= [.. _byId.Where(o => o is not null).Select(o => o!)];

    public ObjectState this[int id] => GetValueOrDefault(id) ?? throw new KeyNotFoundException($"no object {id}");

    public ObjectState? GetValueOrDefault(int id) => (uint)id < (uint)_byId.Length ? _byId[id] : null;

    public bool TryGetValue(int id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ObjectState? state) => (state = GetValueOrDefault(id)) is not null;

    public bool ContainsKey(int id) => GetValueOrDefault(id) is not null;

    public void Add(int id, ObjectState state)
    {
        if (id >= _byId.Length)
        {
            Array.Resize(ref _byId, id + 1);
        }

        Core.Check.That(_byId[id] is null);
        _byId[id] = state;
        _ordered = null;
        Count++;
    }

    public void Remove(int id)
    {
        if (ContainsKey(id))
        {
            _byId[id] = null;
            _ordered = null;
            Count--;
        }
    }
}
