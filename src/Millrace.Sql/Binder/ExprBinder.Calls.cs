// Function calls: special forms, scalar functions, aggregates, window and set-returning functions.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class ExprBinder
{
    /// <summary>Calls of a function that gives rows, by what they unnest: null for those that are planned themselves.</summary>
    internal static readonly Dictionary<string, string?> SetReturning = new()
    {
        ["unnest"] = null,
        ["generate_series"] = null,
        ["regexp_split_to_table"] = "regexp_split_to_array",
        ["string_to_table"] = "string_to_array",
        ["regexp_matches"] = "regexp_groups",
        ["generate_subscripts"] = "array_subscripts",
        ["jsonb_object_keys"] = "jsonb_keys",
        ["jsonb_array_elements"] = "jsonb_elements",
        ["jsonb_array_elements_text"] = "jsonb_elements_text",
        ["json_object_keys"] = "jsonb_keys",
        ["json_array_elements"] = "jsonb_elements",
        ["json_array_elements_text"] = "jsonb_elements_text",
        ["jsonb_path_query"] = "jsonb_path_items",
        ["jsonb_path_query_tz"] = "jsonb_path_items_tz",
    };

    /// <summary>Calls a scalar function by name with bound arguments.</summary>
    /// <exception cref="SqlException">42883: no such function; 42725: several.</exception>
    public ScalarExpr Call(string name, IReadOnlyList<ScalarExpr> arguments, int position)
    {
        Candidate[] candidates = [.. context.Functions.FindScalars(name).Select(Candidate.Of)];
        if (AsNumbers(arguments) is { } numbers && !Fits(candidates, arguments, isOperator: false))
        {
            arguments = numbers;
        }

        return Apply(Choose(name, candidates, arguments, position), arguments, position);
    }

    private Resolution Choose(string name, IReadOnlyList<Candidate> candidates, IReadOnlyList<ScalarExpr> arguments, int position)
    {
        SqlType[] types = [.. arguments.Select(a => a.Type)];
        Resolution? chosen = OverloadResolver.Resolve(candidates, types, false, context.Functions, out bool ambiguous);
        if (chosen is not null)
        {
            return chosen;
        }

        string shown = $"{name}({string.Join(", ", types.Select(t => t.ToString()))})";
        if (ambiguous)
        {
            throw new SqlException("42725", $"function {shown} is not unique", position,
                "Could not choose a best candidate function. You might need to add explicit type casts.");
        }

        throw new SqlException("42883", $"function {shown} does not exist", position, candidates.Count > 0
            ? "No function matches the given name and argument types. You might need to add explicit type casts."
            : Suggest.Hint(name, AllFunctionNames()));
    }

    private IEnumerable<string> AllFunctionNames() => context.Functions.Scalars.Select(f => f.Name)
        .Concat(context.Functions.Aggregates.Select(f => f.Name))
        .Concat(context.Functions.WindowFunctions.Select(f => f.Name))
        .Concat(["coalesce", "nullif", "greatest", "least", .. SetReturning.Keys])
        .Where(n => n.Length > 0 && (char.IsLetter(n[0]) || n[0] == '_')).Distinct();

    private ScalarExpr FunctionCall(Syntax.FunctionCall e)
    {
        string name = e.Name.Last;
        FunctionCatalog functions = context.Functions;
        if (new FunctionBinder(context).Call(e, Bind, queries) is { } inlined)
        {
            return inlined;
        }

        if (e.Name.Schema is { } schema and not ("pg_catalog" or "public" or "millrace" or "information_schema") && !context.Catalog.HasSchema(schema))
        {
            throw new SqlException("3F000", $"schema \"{schema}\" does not exist", e.Position);
        }

        if (e.Variadic)
        {
            throw new SqlException("0A000", "VARIADIC is not supported", e.Position, "give the arguments one by one");
        }

        if (e.IgnoreNulls == true)
        {
            throw new SqlException("0A000", "IGNORE NULLS is not supported", e.Position);
        }

        bool aggregate = functions.FindAggregates(name).Count > 0;
        if (e.Over is not null)
        {
            return WindowCall(e, name, aggregate);
        }

        if (name is "first_value" or "last_value" && e.Args.Count == 1 && e.OrderBy.Count > 0 && !e.Distinct)
        {
            return FirstOf(e, name == "last_value");
        }

        if (aggregate && (e.Star || e.Distinct || e.Filter is not null || e.WithinGroup.Count > 0 || functions.FindScalars(name).Count == 0))
        {
            return AggregateCall(e, name);
        }

        if (functions.FindWindowFunctions(name).Count > 0 && functions.FindScalars(name).Count == 0)
        {
            throw new SqlException("42809", $"window function {name} requires an OVER clause", e.Position);
        }

        if (e.Star || e.Distinct || e.Filter is not null || e.OrderBy.Count > 0 || e.WithinGroup.Count > 0)
        {
            string clause = e.Star ? "(*)" : e.Distinct ? "DISTINCT" : e.Filter is not null ? "FILTER" : e.OrderBy.Count > 0 ? "ORDER BY" : "WITHIN GROUP";
            throw new SqlException("42809", $"{clause} specified, but {name} is not an aggregate function", e.Position,
                Suggest.Hint(name, functions.Aggregates.Select(a => a.Name)));
        }

        return Special(e, name) ?? ScalarCall(e, name);
    }

    // first_value(x ORDER BY t) as an aggregate, RisingWave's: the first element of what array_agg gives.
    private ScalarExpr FirstOf(Syntax.FunctionCall e, bool last)
    {
        Syntax.OrderItem[] order = [.. e.OrderBy.Select(o => last ? o with { Descending = !o.Descending, NullsFirst = !o.EffectiveNullsFirst } : o)];
        Syntax.FunctionCall all = e with
        {
            Name = new Syntax.ObjectName([e.Name.Parts[^1] with { Text = "array_agg" }]) { Position = e.Position },
            OrderBy = Syntax.NodeList.Create<Syntax.OrderItem>(order),
        };
        return Call("[]", [AggregateCall(all, "array_agg"), new LiteralExpr(1, SqlType.Integer)], e.Position);
    }

    /// <summary>The arguments of a call in order: names given with =&gt; are put where their parameter stands, and what is left out between has its default.</summary>
    private ScalarExpr[] Arguments(Syntax.FunctionCall e, string name)
    {
        int first = e.Args.TakeWhile(a => a is not Syntax.NamedArgExpr).Count();
        if (first == e.Args.Count)
        {
            return [.. e.Args.Select(Bind)];
        }

        if (!context.Functions.ParameterNames.TryGetValue(name, out IReadOnlyList<(string Name, string? Default)>? parameters))
        {
            throw new SqlException("0A000", "arguments by name are not supported", e.Args[first].Position, "give the arguments in order");
        }

        var given = new ScalarExpr?[parameters.Count];
        for (int i = 0; i < e.Args.Count; i++)
        {
            var named = e.Args[i] as Syntax.NamedArgExpr;
            if (named is null && i > first)
            {
                throw new SqlException("42601", "positional argument cannot follow named argument", e.Args[i].Position);
            }

            int at = named is null ? i : parameters.ToList().FindIndex(p => p.Name == named.Name.Text);
            if (at < 0 || at >= given.Length || given[at] is not null)
            {
                throw new SqlException("42883", $"function {name} has no argument \"{named?.Name.Text}\" that is left to give", e.Args[i].Position,
                    $"its arguments are {string.Join(", ", parameters.Select(p => p.Name))}");
            }

            given[at] = Bind(named is null ? e.Args[i] : named.Value);
        }

        int count = System.Array.FindLastIndex(given, g => g is not null) + 1;
        bool padded = parameters.Take(count).All(p => p.Default is not null);
        count = padded ? parameters.Count : count;
        return
        [
            .. Enumerable.Range(0, count).Select(i => given[i] ?? new LiteralExpr(ByteSlice.From(parameters[i].Default
                ?? throw new SqlException("42883", $"function {name} needs its argument \"{parameters[i].Name}\"", e.Position)), SqlType.Unknown)),
        ];
    }

    private ScalarExpr ScalarCall(Syntax.FunctionCall e, string name)
    {
        ScalarExpr[] arguments = Arguments(e, name);
        if (arguments.Length == 1 && context.Functions.FindScalars(name).Count == 0 && CastByName(e) is { } type)
        {
            return _coercion.Coerce(arguments[0], type, CastContext.Explicit, e.Position);
        }

        return Call(name, arguments, e.Position);
    }

    /// <summary>text(x) and its kin: a type's name as a function is a cast.</summary>
    private static SqlType? CastByName(Syntax.FunctionCall e)
    {
        try
        {
            return e.Name.Last is "char" or "name" or "interval" or "time" or "timestamp" or "bit"
                ? null : TypeNames.Resolve(new Syntax.TypeName(e.Name, [], 0, []));
        }
        catch (SqlException)
        {
            return null;
        }
    }

    private ScalarExpr? Special(Syntax.FunctionCall e, string name)
    {
        switch (name)
        {
            case "coalesce":
                ScalarExpr[] values = [.. e.Args.Select(Bind)];
                SqlType type = CommonType(values, "COALESCE", e.Position);
                values = [.. values.Select((v, i) => _coercion.Coerce(v, type, CastContext.Implicit, e.Args[i].Position))];
                return values.Length == 1 ? values[0] : new CoalesceExpr(values, type);
            case "nullif" when e.Args.Count == 2:
                ScalarExpr left = BindTyped(e.Args[0]);
                ScalarExpr equal = Operator("=", [left, Bind(e.Args[1])], e.Position);
                return new CaseExpr([(equal, new LiteralExpr(null, left.Type))], left, left.Type);
            case "greatest" or "least" when e.Args.Count > 0:
                ScalarExpr[] all = [.. e.Args.Select(Bind)];
                SqlType common = CommonType(all, name.ToUpperInvariant(), e.Position);
                all = [.. all.Select((v, i) => _coercion.Coerce(v, common, CastContext.Implicit, e.Args[i].Position))];
                return context.Functions.FindScalars(name).Count > 0 ? Call(name, all, e.Position) : Extreme(name == "greatest" ? ">=" : "<=", all, common, e.Position);
            case "locf" or "interpolate" when e.Args.Count == 1 && AllowAggregates:
                ScalarExpr filled = BindTyped(e.Args[0]);
                return new GapFillExpr(
                    name == "locf" ? filled : _coercion.Coerce(filled, SqlType.Double, CastContext.Implicit, e.Args[0].Position), name == "interpolate", e.Position);
            case "array_transform" when e.Args.Count == 2 && e.Args[1] is Syntax.LambdaExpr lambda:
                return Transformed(e.Args[0], lambda, e.Position);
            case "pg_typeof" when e.Args.Count == 1:
                return new LiteralExpr(ByteSlice.From(Bind(e.Args[0]).Type.ToString()), SqlType.Text);
            case "grouping":
                if (!AllowAggregates)
                {
                    throw new SqlException("42803", $"grouping operations are not allowed in {Clause}", e.Position);
                }

                return new GroupingExpr([.. e.Args.Select(BindTyped)]);
            case "_pg_expandarray" when e.Args.Count == 1:
                return Expanded(e);
            default:
                return SetReturning.TryGetValue(name, out string? array) ? SetReturningCall(e, name, array) : null;
        }
    }

    private ScalarExpr Extreme(string op, IReadOnlyList<ScalarExpr> values, SqlType type, int position)
    {
        ScalarExpr best = values[0];
        foreach (ScalarExpr value in values.Skip(1))
        {
            var wins = new OrExpr([new IsNullExpr(value, false), Operator(op, [best, value], position)]);
            best = new CaseExpr([(new IsNullExpr(best, false), value), (wins, best)], value, type);
        }

        return best;
    }

    private SetReturningExpr SetReturningCall(Syntax.FunctionCall e, string name, string? array)
    {
        if (!AllowSetReturning)
        {
            throw new SqlException("0A000", $"set-returning functions are not allowed in {Clause}", e.Position, "put it into FROM");
        }

        (string function, IReadOnlyList<ScalarExpr> arguments, SqlType type) = TableFunction(e, name, array);
        return new SetReturningExpr(function, arguments, type);
    }

    // information_schema's own helper, which drivers call to read keys: each element with its position.
    private RowExpr Expanded(Syntax.FunctionCall e)
    {
        SetReturningExpr x = SetReturningCall(e, "unnest", null);
        ScalarExpr positions = Call("array_subscripts", [.. x.Arguments, new LiteralExpr(1, SqlType.Integer)], e.Position);
        var n = new SetReturningExpr("unnest", [positions], SqlType.Integer);
        return new RowExpr([x, n], SqlType.RowOf([new Field("x", x.Type), new Field("n", n.Type)]));
    }

    /// <summary>Resolves a call of a set-returning function: the function planned, its arguments converted, the type of a row.</summary>
    public (string Function, IReadOnlyList<ScalarExpr> Arguments, SqlType Type) TableFunction(Syntax.FunctionCall e, string name, string? array)
    {
        ScalarExpr[] arguments = [.. e.Args.Select(Bind)];
        if (array is not null)
        {
            arguments = [Call(array, arguments, e.Position)];
            name = "unnest";
        }

        if (name == "unnest")
        {
            if (arguments.Length != 1 || arguments[0].Type.Id != TypeId.Array)
            {
                string shown = string.Join(", ", arguments.Select(a => a.Type.ToString()));
                throw new SqlException(arguments.Length > 1 ? "0A000" : "42883",
                    arguments.Length > 1 ? "unnest of several arrays is not supported" : $"function unnest({shown}) does not exist", e.Position,
                    "unnest takes one array");
            }

            return (name, arguments, arguments[0].Type.Element!);
        }

        return Series(e, arguments);
    }

    private (string Function, IReadOnlyList<ScalarExpr> Arguments, SqlType Type) Series(Syntax.FunctionCall e, ScalarExpr[] arguments)
    {
        if (arguments.Length is 2 or 3)
        {
            bool time = arguments.Take(2).Any(a => TypeRules.Category(a.Type) == 'D');
            ScalarExpr[] same = time ? arguments[..2] : arguments;
            SqlType? type = TypeRules.Common([.. same.Select(a => a.Type)], context.Functions);
            type = type?.Id switch
            {
                TypeId.SmallInt => SqlType.Integer,
                TypeId.Date => SqlType.TimestampTz,
                TypeId.Text when same.All(a => a.Type.Id == TypeId.Unknown) => SqlType.Integer,
                _ => type,
            };
            if (type?.Id is TypeId.Integer or TypeId.BigInt or TypeId.Numeric || (time && type?.IsTimestamp == true && arguments.Length == 3))
            {
                type = TypeRules.Plain(type!);
                ScalarExpr[] converted = [.. same.Select(a => _coercion.Coerce(a, type, CastContext.Implicit, e.Position))];
                if (time)
                {
                    converted = [.. converted, _coercion.Coerce(arguments[2], SqlType.Interval, CastContext.Implicit, e.Position)];
                }

                return ("generate_series", converted, type);
            }
        }

        throw new SqlException("42883", $"function generate_series({string.Join(", ", arguments.Select(a => a.Type.ToString()))}) does not exist", e.Position,
            "it takes (start, stop [, step]) of integers or numerics, or two timestamps and an interval");
    }

    private ScalarExpr AggregateCall(Syntax.FunctionCall e, string name)
    {
        bool allowed = AllowAggregates;
        bool windows = AllowWindows;
        bool sets = AllowSetReturning;
        (AllowAggregates, AllowWindows, AllowSetReturning) = (false, false, false);
        bool inside = _insideAggregate;
        List<ScalarExpr> arguments;
        List<OrderExpr> order;
        ScalarExpr? filter;
        _insideAggregate = true;
        try
        {
            arguments = [.. e.Args.Select(Bind)];
            order = [.. (e.WithinGroup.Count > 0 ? e.WithinGroup : e.OrderBy).Select(o =>
                new OrderExpr(BindTyped(o.Value), o.Descending, o.EffectiveNullsFirst))];
            filter = e.Filter is null ? null : Boolean(e.Filter, "FILTER");
        }
        finally
        {
            _insideAggregate = inside;
            (AllowAggregates, AllowWindows, AllowSetReturning) = (allowed, windows, sets);
        }

        bool ordered = e.WithinGroup.Count > 0;
        if (ordered)
        {
            arguments.AddRange(order.Select(o => o.Value));
        }

        if (ordered && context.Functions.FindAggregates(name) is [{ Hypothetical: true } hypothetical])
        {
            return Hypothetical(hypothetical, e, arguments, order, filter, allowed);
        }

        Candidate[] candidates = [.. context.Functions.FindAggregates(name).Where(a => a.OrderedSet == ordered).Select(Candidate.Of)];
        if (candidates.Length == 0)
        {
            if (e.Args.Count == 0 && context.Functions.FindWindowFunctions(name).Count > 0)
            {
                throw new SqlException("42809", $"window function {name} requires an OVER clause", e.Position);
            }

            throw new SqlException("42809", ordered
                ? $"{name} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"
                : $"WITHIN GROUP is required for ordered-set aggregate {name}", e.Position);
        }

        Resolution chosen = Choose(name, candidates, arguments, e.Position);
        arguments = [.. arguments.Select((a, i) => chosen.ArgumentTypes[i].Id == TypeId.Unknown
            ? _coercion.ResolveUnknown(a)
            : _coercion.Coerce(a, chosen.ArgumentTypes[i], CastContext.Implicit, e.Position))];
        if (ordered)
        {
            order = [.. order.Select((o, i) => o with { Value = arguments[e.Args.Count + i] })];
        }

        var call = new AggregateExpr((AggregateFunction)chosen.Candidate.Function, arguments, e.Distinct, filter, order,
            chosen.Candidate.Returns([.. arguments.Select(a => a.Type)]));
        if (e.Distinct && order.Count > 0 && !order.All(o => arguments.Any(a => ExprEquality.Same(a, o.Value))))
        {
            throw new SqlException("42P10", "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list", e.Position);
        }

        return Place(call, allowed, e.Position);
    }

    /// <summary>rank(5) WITHIN GROUP (ORDER BY x): each argument has the type of its key.</summary>
    private ScalarExpr Hypothetical(
        AggregateFunction function, Syntax.FunctionCall e, List<ScalarExpr> arguments, List<OrderExpr> order, ScalarExpr? filter, bool allowed)
    {
        int count = e.Args.Count;
        if (count != order.Count)
        {
            throw new SqlException("42883", $"{function.Name} of {count} values WITHIN GROUP of {order.Count} keys does not exist", e.Position,
                "give a value for each key of ORDER BY");
        }

        for (int i = 0; i < count; i++)
        {
            SqlType type = CommonType([arguments[i], arguments[count + i]], "WITHIN GROUP", e.Position);
            arguments[i] = _coercion.Coerce(arguments[i], type, CastContext.Implicit, e.Args[i].Position);
            arguments[count + i] = _coercion.Coerce(arguments[count + i], type, CastContext.Implicit, e.WithinGroup[i].Position);
            order[i] = order[i] with { Value = arguments[count + i] };
        }

        return Place(new AggregateExpr(function, arguments, false, filter, order, function.Returns([])), allowed, e.Position);
    }

    private bool _insideAggregate;

    /// <summary>An aggregate belongs to the innermost query whose columns it reads: here, or one around.</summary>
    private ScalarExpr Place(AggregateExpr call, bool allowed, int position)
    {
        bool local = ExprMap.Any(call, x => x is ColumnExpr);
        var outer = new List<OuterExpr>();
        ExprMap.Any(call, x =>
        {
            if (x is OuterExpr o)
            {
                outer.Add(o);
            }

            return false;
        });
        if (!local && outer.Count > 0 && outer.All(o => ReferenceEquals(o.Frame, outer[0].Frame)))
        {
            Frame frame = outer[0].Frame;
            if (frame.NoAggregates is { } clause)
            {
                throw new SqlException("42803", $"aggregate functions are not allowed in {clause}", position,
                    "its arguments are columns of the query around the subquery, so that is the query it belongs to");
            }

            return frame.Add(ExprMap.Rewrite(call, x => x is OuterExpr o ? frame.Arguments[o.Index] : x));
        }

        if (_insideAggregate)
        {
            throw new SqlException("42803", "aggregate function calls cannot be nested", position);
        }

        if (!allowed)
        {
            throw new SqlException("42803", $"aggregate functions are not allowed in {Clause}", position,
                Clause == "WHERE" ? "use HAVING" : null);
        }

        context.Positions[call] = position;
        return call;
    }

    private WindowExpr WindowCall(Syntax.FunctionCall e, string name, bool aggregate)
    {
        if (_insideAggregate)
        {
            throw new SqlException("42803", "aggregate function calls cannot contain window function calls", e.Position);
        }

        if (!AllowWindows)
        {
            throw new SqlException("42P20", $"window functions are not allowed in {Clause}", e.Position, "compute it in a subquery and use its column here");
        }

        if (e.Distinct || e.OrderBy.Count > 0 || e.WithinGroup.Count > 0)
        {
            string what = e.Distinct ? "DISTINCT" : e.OrderBy.Count > 0 ? "aggregate ORDER BY" : "WITHIN GROUP";
            throw new SqlException("0A000", $"{what} is not implemented for window functions", e.Position);
        }

        bool sets = AllowSetReturning;
        (AllowWindows, AllowSetReturning) = (false, false);
        try
        {
            ScalarExpr[] arguments = [.. e.Args.Select(Bind)];
            Candidate[] windows = [.. context.Functions.FindWindowFunctions(name).Select(Candidate.Of)];
            Candidate[] candidates = windows.Length > 0 ? windows : [.. context.Functions.FindAggregates(name).Where(a => !a.OrderedSet).Select(Candidate.Of)];
            if (candidates.Length == 0 && context.Functions.FindScalars(name).Count > 0)
            {
                throw new SqlException("42809", $"OVER specified, but {name} is not a window function nor an aggregate function", e.Position);
            }

            Resolution chosen = Choose(name, candidates, arguments, e.Position);
            arguments = [.. arguments.Select((a, i) => chosen.ArgumentTypes[i].Id == TypeId.Unknown
                ? _coercion.ResolveUnknown(a)
                : _coercion.Coerce(a, chosen.ArgumentTypes[i], CastContext.Implicit, e.Position))];
            ScalarExpr? filter = e.Filter is null ? null : Boolean(e.Filter, "FILTER");
            Syntax.WindowSpec spec = Named(e.Over!);
            ScalarExpr[] partition = [.. spec.PartitionBy.Select(BindTyped)];
            OrderExpr[] order = [.. spec.OrderBy.Select(o => new OrderExpr(BindTyped(o.Value), o.Descending, o.EffectiveNullsFirst))];
            if (spec.Frame is { Unit: Syntax.FrameUnit.Session } session)
            {
                return Session(chosen, arguments, filter, partition, order, session);
            }

            return new WindowExpr(
                chosen.Candidate.Function as WindowFunction, chosen.Candidate.Function as AggregateFunction, arguments, filter, partition, order,
                Frame(spec.Frame, order), chosen.Candidate.Returns([.. arguments.Select(a => a.Type)]));
        }
        finally
        {
            (AllowWindows, AllowSetReturning) = (true, sets);
        }
    }

    /// <summary>The window with what it takes from a named one.</summary>
    private Syntax.WindowSpec Named(Syntax.WindowSpec spec)
    {
        if (spec.BaseName is null)
        {
            return spec;
        }

        Syntax.NamedWindow named = Windows.FirstOrDefault(w => w.Name.Text == spec.BaseName.Text)
            ?? throw new SqlException("42704", $"window \"{spec.BaseName.Text}\" does not exist", spec.BaseName.Position,
                Suggest.Hint(spec.BaseName.Text, Windows.Select(w => w.Name.Text)));
        Syntax.WindowSpec under = Named(named.Spec);
        if (spec.IsReference)
        {
            return under;
        }

        if (spec.PartitionBy.Count > 0 || (spec.OrderBy.Count > 0 && under.OrderBy.Count > 0) || under.Frame is not null)
        {
            string what = spec.PartitionBy.Count > 0 ? "PARTITION BY" : under.Frame is not null ? "frame" : "ORDER BY";
            throw new SqlException("42P20", $"cannot override {what} clause of window \"{named.Name.Text}\"", spec.Position);
        }

        return new Syntax.WindowSpec(null, under.PartitionBy, spec.OrderBy.Count > 0 ? spec.OrderBy : under.OrderBy, spec.Frame);
    }

    private FrameSpec Frame(Syntax.WindowFrame? frame, OrderExpr[] order)
    {
        if (frame is null)
        {
            return FrameSpec.Default;
        }

        bool offsets = frame.Start.Offset is not null || frame.End.Offset is not null;
        if (frame.Unit == Syntax.FrameUnit.Range && offsets && order.Length != 1)
        {
            throw new SqlException("42P20", "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column", frame.Position);
        }

        if (frame.Unit == Syntax.FrameUnit.Groups && order.Length == 0)
        {
            throw new SqlException("42P20", "GROUPS mode requires an ORDER BY clause", frame.Position);
        }

        if (frame.Start.Kind == Syntax.FrameBoundKind.UnboundedFollowing || frame.End.Kind == Syntax.FrameBoundKind.UnboundedPreceding
            || frame.Start.Kind > frame.End.Kind)
        {
            throw new SqlException("42P20", "frame starting and ending bounds are in the wrong order", frame.Position);
        }

        SqlType offsetType = SqlType.BigInt;
        if (frame.Unit == Syntax.FrameUnit.Range && offsets)
        {
            offsetType = TypeRules.Category(order[0].Value.Type) == 'D' ? SqlType.Interval : TypeRules.Plain(order[0].Value.Type);
        }

        return new FrameSpec((FrameUnit)frame.Unit, (FrameBound)frame.Start.Kind, Offset(frame.Start), (FrameBound)frame.End.Kind, Offset(frame.End)) { Exclusion = (FrameExclusion)frame.Exclusion };

        LiteralExpr? Offset(Syntax.FrameBound bound)
        {
            if (bound.Offset is null)
            {
                return null;
            }

            LiteralExpr value = Constant(bound.Offset, offsetType, "frame offset");
            return value.Value switch
            {
                null => throw new SqlException("22004", "frame offset must not be null", bound.Offset.Position),
                < 0L or < 0 => throw new SqlException("22013", "frame offset must not be negative", bound.Offset.Position),
                _ => value,
            };
        }
    }
}
