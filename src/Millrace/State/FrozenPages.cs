// Pages of state that a checkpoint copies while the operator goes on: it changes a copy of its own of those that are not copied yet.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>What is copied into a section of a checkpoint beside the engine.</summary>
internal interface ICopiedLater
{
    /// <summary>Copies it; on any thread, once the section is otherwise complete.</summary>
    void CopyAll();
}

/// <summary>A stretch of state that does not change, or not before it is copied.</summary>
internal interface IFrozenPage
{
    /// <summary>Bytes that it takes in a section.</summary>
    int SavedBytes { get; }

    /// <summary>Writes it into so many bytes.</summary>
    void Save(Span<byte> into);
}

/// <summary>The pages of one operator in one checkpoint. The engine's thread only notes which they are and leaves room for them.</summary>
internal sealed class FrozenPages : ICopiedLater
{
    private List<(IFrozenPage Page, int At)> _pages = [];
    private ByteWriter? _section;
    private volatile bool _isCopied;

    private FrozenPages(ByteWriter section) => _section = section;

    /// <summary>True once the pages may be changed again.</summary>
    public bool IsCopied => _isCopied;

    /// <summary>Writes pages, one after the other; null when that is done at once: they are small, or the section has to be whole.</summary>
    public static FrozenPages? Write(ByteWriter section, IReadOnlyList<IFrozenPage> pages)
    {
        long bytes = pages.Sum(p => (long)p.SavedBytes);
        if (section.Beside is not PieceWriter pieces || !pieces.IsLarge(bytes))
        {
            foreach (IFrozenPage page in pages)
            {
                page.Save(section.Take(page.SavedBytes));
            }

            return null;
        }

        var frozen = new FrozenPages(section);
        frozen._pages.EnsureCapacity(pages.Count);
        foreach (IFrozenPage page in pages)
        {
            frozen._pages.Add((page, section.Length));
            section.Take(page.SavedBytes);
        }

        pieces.Frozen.Add(frozen);
        return frozen;
    }

    /// <inheritdoc/>
    public void CopyAll()
    {
        foreach ((IFrozenPage page, int at) in _pages)
        {
            page.Save(_section!.Buffer.AsSpan(at, page.SavedBytes));
        }

        // Pages that are not changed go on knowing this one: it holds nothing any more.
        _pages = [];
        _section = null;
        _isCopied = true;
    }
}
