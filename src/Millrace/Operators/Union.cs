// UNION ALL: every change of every input.
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Passes on what comes from any input.</summary>
internal sealed class Union(Schema columns) : Operator(columns)
{
    /// <inheritdoc/>
    public override string Name => "Union";

    /// <inheritdoc/>
    public override void Process(int port, Batch input, IOutput output) => output.Emit(input);
}
