// The forms a scalar function's body can have; the expression compiler and the interpreter know these and nothing else.
using System.Reflection;
using Millrace.Core;

namespace Millrace.Engine;

// A plain body is a delegate over the CLR representations of its parameters, best a static method, which is then called directly. A parameter of
// type EvalContext is filled in. A parameter T? takes part in non-strict functions; a result T? may be null.

/// <summary>A body that is more than a delegate.</summary>
internal abstract record BodyForm;

/// <summary>A body of which one argument is prepared once when it is a constant: patterns, formats, units.</summary>
/// <param name="Plain">Used when the argument varies.</param>
/// <param name="Argument">Which argument.</param>
/// <param name="Prepare">Makes the prepared form of the constant (never null).</param>
/// <param name="Prepared">Like Plain, with the prepared form in the argument's place.</param>
internal sealed record PreparedBody(Delegate Plain, int Argument, Func<object, object> Prepare, Delegate Prepared) : BodyForm;

/// <summary>An open generic static method, closed by the CLR types that <paramref name="TypeArguments"/> picks from the argument types and the result's.</summary>
/// <param name="Method">The generic method definition.</param>
/// <param name="TypeArguments">Picks the types, from arguments and result.</param>
internal sealed record GenericBody(MethodInfo Method, Func<IReadOnlyList<SqlType>, SqlType, SqlType[]> TypeArguments) : BodyForm
{
    /// <summary>The method for actual types.</summary>
    public MethodInfo Close(IReadOnlyList<SqlType> arguments, SqlType result) =>
        Method.MakeGenericMethod(Array.ConvertAll(TypeArguments(arguments, result), ClrTypes.Of));
}

/// <summary>What variadic arguments are turned into.</summary>
internal enum VariadicForm
{
    /// <summary>Their text.</summary>
    Text,
    /// <summary>Their JSON.</summary>
    Json,
}

/// <summary>A body (ByteSlice?[] arguments, EvalContext) for any number of arguments of any types.</summary>
/// <param name="Form">What each argument is turned into first.</param>
/// <param name="Call">The body.</param>
internal sealed record VariadicBody(VariadicForm Form, Delegate Call) : BodyForm;

/// <summary>The largest or smallest of any number of values that are not null.</summary>
/// <param name="Greatest">True for the largest.</param>
internal sealed record ExtremeBody(bool Greatest) : BodyForm;

/// <summary>A comparison, which exists for every type.</summary>
/// <param name="Kind">Which.</param>
internal sealed record ComparisonBody(ComparisonKind Kind) : BodyForm;

/// <summary>The six comparisons.</summary>
internal enum ComparisonKind
{
    /// <summary>=</summary>
    Equal,
    /// <summary>&lt;&gt;</summary>
    NotEqual,
    /// <summary>&lt;</summary>
    Less,
    /// <summary>&lt;=</summary>
    LessOrEqual,
    /// <summary>&gt;</summary>
    Greater,
    /// <summary>&gt;=</summary>
    GreaterOrEqual,
}

/// <summary>A cast that leaves the representation as it is.</summary>
internal sealed record IdentityBody : BodyForm;
