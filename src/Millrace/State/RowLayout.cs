// How an object's rows lie in a spine: key columns first, so that a key is a prefix.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Encodes an object's rows with its key columns first, and decodes them back into the object's column order. Stateless.</summary>
internal sealed class RowLayout
{
    private readonly int[] _order;
    private readonly RowCodec _codec;
    private readonly RowCodec _keyCodec;
    private readonly int[] _key;

    public RowLayout(Schema schema, IReadOnlyList<int> key)
    {
        Schema = schema;
        _key = [.. key];
        _order = [.. key, .. Enumerable.Range(0, schema.Count).Except(key)];
        _codec = RowCodec.Of(schema, _order, exact: true);
        _keyCodec = RowCodec.Of(schema, _key, exact: false);
    }

    public Schema Schema { get; }

    /// <summary>The key columns, in the order of their bytes.</summary>
    public IReadOnlyList<int> Key => _key;

    public void Encode(Batch batch, EncodedRows into) => _codec.Encode(batch, _order, into);

    /// <summary>Encodes the key of each row: a prefix of the row's own bytes.</summary>
    public void EncodeKeys(Batch batch, EncodedRows into) => _keyCodec.Encode(batch, _key, into);

    /// <summary>Encodes leading key values given as one-row columns: the prefix of all rows that have them.</summary>
    public byte[] EncodePrefix(IReadOnlyList<Column> values)
    {
        var codec = new RowCodec([.. _key.Take(values.Count).Select(k => Schema[k].Type)], exact: false);
        var rows = new EncodedRows();
        codec.Encode(new Batch([.. values], 1), rows);
        return rows.Key(0).ToArray();
    }

    /// <summary>The builders of a batch in the order in which rows are encoded; pass them to <see cref="Decode"/>.</summary>
    public ColumnBuilder[] Arrange(BatchBuilder builder) => Array.ConvertAll(_order, c => builder.Columns[c]);

    public void Decode(ReadOnlySpan<byte> row, ColumnBuilder[] arranged) => _codec.Decode(row, arranged);

    /// <summary>Rows as batches in the object's column order, with weights where one is not 1. Each batch is its own.</summary>
    public IEnumerable<Batch> Scan(RowRun[] runs, byte[]? prefix = null)
    {
        const int RowsMax = 8192;
        var cursor = new SpineCursor(runs, prefix);
        bool more = cursor.MoveNext();
        while (more)
        {
            var builder = new BatchBuilder(Schema);
            ColumnBuilder[] arranged = Arrange(builder);
            do
            {
                Decode(cursor.Row, arranged);
                builder.EndRow(cursor.Weight);
                more = cursor.MoveNext();
            }
            while (more && builder.Count < RowsMax);

            yield return builder.Share();
        }
    }
}
