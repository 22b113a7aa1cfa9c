// Registers functions by a signature in one line: F("left(text, int4) text", Left, "doc", "example").
using System.Reflection;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Fills a catalog. A signature is <c>name(types) result</c>: short type names (int4, float8, tstz …), <c>elem</c> and <c>array</c> for
/// AnyElement and AnyArray, <c>any</c>; <c>?</c> behind a type makes it optional, <c>...</c> lets it repeat.
/// </summary>
internal sealed class FunctionRegistry(FunctionCatalog catalog)
{
    private string _group = "";

    /// <summary>The catalog filled.</summary>
    public FunctionCatalog Catalog { get; } = catalog;

    /// <summary>Begins a heading of the reference.</summary>
    public void Group(string name) => _group = name;

    /// <summary>Adds a function or operator.</summary>
    public void F(string signature, Delegate body, string doc, string example = "", Volatility volatility = Volatility.Immutable) =>
        Add(signature, body, doc, example, volatility);

    /// <summary>Adds a function or operator whose body is more than a delegate.</summary>
    public void F(string signature, BodyForm body, string doc, string example = "", Volatility volatility = Volatility.Immutable) =>
        Add(signature, body, doc, example, volatility);

    /// <summary>Lets the arguments of a function be given by name: <c>a, b=0</c>, where b may be left out.</summary>
    public void Named(string function, string parameters) => Catalog.ParameterNames.Add(function,
        [.. parameters.Split(',', StringSplitOptions.TrimEntries).Select(p => p.Split('=') is [var name, var value] ? (name, (string?)value) : (p, null))]);

    private void Add(string signature, object body, string doc, string example, Volatility volatility)
    {
        int open = signature.IndexOf('(');
        int close = signature.LastIndexOf(')');
        string name = signature[..open];
        string[] names = close == open + 1 ? [] : signature[(open + 1)..close].Split(',', StringSplitOptions.TrimEntries);
        bool variadic = names.Length > 0 && names[^1].EndsWith("...", StringComparison.Ordinal);
        int optional = names.Count(n => n.EndsWith('?'));
        var parameters = Array.ConvertAll(names, n => Parameter(n.TrimEnd('?', '.')));
        string result = signature[(close + 1)..].Trim();
        Delegate? plain = body as Delegate ?? (body as PreparedBody)?.Plain;
        bool strict = body is not (VariadicBody or ExtremeBody)
            && (plain?.Method ?? (body as GenericBody)?.Method)?.TakesNulls() != true;
        if (plain is not null)
        {
            CheckBody(signature, parameters, plain.Method);
        }

        Catalog.Add(new ScalarFunction
        {
            Name = name,
            Parameters = parameters,
            Returns = Result(result, parameters),
            Variadic = variadic,
            Optional = optional,
            Strict = strict,
            Volatility = volatility,
            Doc = doc,
            Example = example,
            Group = _group,
            Body = body,
            CheckConstant = body is PreparedBody checks ? value => checks.Prepare(value) : null,
            CheckedArgument = (body as PreparedBody)?.Argument ?? 0,
        });
    }

    /// <summary>Adds a function whose literal argument is prepared once.</summary>
    public void Prepared(string signature, Delegate plain, int argument, Func<object, object> prepare, Delegate prepared, string doc,
        string example = "", Volatility volatility = Volatility.Immutable) =>
        F(signature, new PreparedBody(plain, argument, prepare, prepared), doc, example, volatility);

    /// <summary>Adds a cast. The body takes one argument (and maybe the context).</summary>
    public void Cast(string from, string to, CastContext context, Delegate body, Volatility volatility = Volatility.Immutable) =>
        AddCast(from, to, context, body, volatility);

    /// <summary>Adds a cast whose body is more than a delegate.</summary>
    public void Cast(string from, string to, CastContext context, BodyForm body) => AddCast(from, to, context, body, Volatility.Immutable);

    private void AddCast(string from, string to, CastContext context, object body, Volatility volatility)
    {
        SqlType source = SimpleType(from)!;
        SqlType target = SimpleType(to)!;
        if (body is Delegate plain)
        {
            CheckBody($"cast({from}) {to}", [source], plain.Method);
        }

        Catalog.Add(new CastDescriptor(source, target, context, new ScalarFunction
        {
            Name = target.ToString(),
            Parameters = [source],
            Returns = _ => target,
            Volatility = volatility,
            Doc = $"{source} to {target}",
            Group = "Conversion",
            Body = body,
        }));
    }

    private static void CheckBody(string signature, ParameterType[] parameters, MethodInfo method)
    {
        Type[] types = [.. method.GetParameters().Select(p => p.ParameterType).Where(t => t != typeof(EvalContext) && t != typeof(SqlType))];
        bool fits = types.Length == parameters.Length;
        for (int i = 0; fits && i < types.Length; i++)
        {
            Type actual = Nullable.GetUnderlyingType(types[i]) ?? types[i];
            fits = parameters[i].Type is { } t ? actual == ClrTypes.Of(t) : parameters[i].Family != Polymorphic.AnyArray || actual == typeof(ListSlice);
        }

        if (!fits)
        {
            Check.Fail($"the body of {signature} takes ({string.Join(", ", types.Select(t => t.Name))})");
        }
    }

    /// <summary>Parameter types between commas.</summary>
    public static ParameterType[] Parameters(string names) =>
        Array.ConvertAll(names.Length == 0 ? [] : names.Split(',', StringSplitOptions.TrimEntries), n => Parameter(n.TrimEnd('?', '.')));

    private static ParameterType Parameter(string name) => name switch
    {
        "any" => Polymorphic.Any,
        "elem" => Polymorphic.AnyElement,
        "array" => Polymorphic.AnyArray,
        _ => SimpleType(name)!,
    };

    /// <summary>The result type by name.</summary>
    public static Func<IReadOnlyList<SqlType>, SqlType> Result(string name, ParameterType[] parameters)
    {
        if (name is "elem" or "array")
        {
            int array = Array.FindIndex(parameters, p => p.Family == Polymorphic.AnyArray);
            int element = Array.FindIndex(parameters, p => p.Family == Polymorphic.AnyElement);
            return name == "elem"
                ? element >= 0 ? types => types[element] : types => types[array].Element!
                : array >= 0 ? types => types[array] : types => SqlType.ArrayOf(types[element]);
        }

        SqlType type = SimpleType(name)!;
        return _ => type;
    }

    /// <summary>The type of a short name.</summary>
    public static SqlType SimpleType(string name) => name switch
    {
        "bool" => SqlType.Boolean,
        "int2" => SqlType.SmallInt,
        "int4" => SqlType.Integer,
        "int8" => SqlType.BigInt,
        "float4" => SqlType.Real,
        "float8" => SqlType.Double,
        "numeric" => SqlType.Numeric,
        "text" => SqlType.Text,
        "unknown" => SqlType.Unknown,
        "bytea" => SqlType.Bytea,
        "date" => SqlType.Date,
        "time" => SqlType.Time,
        "ts" => SqlType.Timestamp,
        "tstz" => SqlType.TimestampTz,
        "interval" => SqlType.Interval,
        "uuid" => SqlType.Uuid,
        "jsonb" => SqlType.Jsonb,
        _ when name.EndsWith("[]", StringComparison.Ordinal) => SqlType.ArrayOf(SimpleType(name[..^2])),
        _ => throw new BugException($"BUG: no type {name}"),
    };
}

/// <summary>Reflection on bodies.</summary>
internal static class BodyExtensions
{
    /// <summary>True when a parameter takes null, which makes the function non-strict.</summary>
    public static bool TakesNulls(this MethodInfo method) =>
        method.GetParameters().Any(p => p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() == typeof(Nullable<>));
}
