// CREATE ALERT: a query that can be followed and whose rows can leave, and who is told of them.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds alerts. The query is kept as text, as an endpoint's is, and bound again when it is followed.</summary>
internal sealed class AlertBinder(BindContext context)
{
    private const int AddressMax = 2_000;
    private const int SecretMax = 1_000;

    /// <summary>CREATE ALERT.</summary>
    public BoundStatement Create(Syntax.CreateAlertStatement s)
    {
        string name = s.Name.Last;
        if (s.Name.Schema is not (null or "public"))
        {
            throw new SqlException("3F000", $"schema \"{s.Name.Schema}\" does not exist", s.Name.Position, "alerts have no schemas");
        }

        if (context.Catalog.Find(ObjectKind.Alert, name) is not null)
        {
            return s.IfNotExists ? new BoundNoOp("CREATE ALERT") { Notices = [$"alert \"{name}\" already exists, skipping"] }
                : throw new SqlException("42710", $"alert \"{name}\" already exists", s.Name.Position, "drop it first, or write IF NOT EXISTS");
        }

        if (context.Catalog.Find("public", name) is not null)
        {
            throw new SqlException("42P07", $"relation \"{name}\" already exists", s.Name.Position, "an alert comes with a table of its name: choose another");
        }

        Uri address = Address(s);
        Dictionary<string, string> options = Options(s);
        options[AlertOptions.AddressKey] = address.AbsoluteUri;
        BoundQuery query = DmlBinder.Followed(context, new DmlBinder(context).Query(s.Query), s.Query.Position);
        CheckQuery(s, query);
        Field[] fields = [.. query.Columns.Fields];
        string shown = Syntax.SqlFormatter.Format(s with { Address = AlertOptions.Shown(address), Options = [.. s.Options.Select(Shown)] });
        int[] inputs = [.. context.DependsOn];
        var alert = new CatalogObject
        {
            Id = 0,
            Name = name,
            Kind = ObjectKind.Alert,
            Columns = query.Columns,
            PrimaryKey = query.Plan.Key is { } key && key.All(c => c < fields.Length) ? key : [],
            Definition = shown,
            Query = Syntax.SqlFormatter.Format(s.Query),
            Options = options,
            DependsOn = inputs,
            InputWidths = [.. inputs.Select(id => context.Catalog.Find(id)!.Columns.Count)],
        };
        return new BoundCreateAlert(alert, ToldTable(name, shown));
    }

    // Persisted with each alert: a row for each key that rings, or whose end is still to be told.
    private static CatalogObject ToldTable(string name, string shown) => new()
    {
        Id = 0,
        Name = name,
        Kind = ObjectKind.Table,
        Columns = new Schema([
            new Field("key", SqlType.Text, false), new Field("id", SqlType.Uuid, false), new Field("since", SqlType.TimestampTz, false),
            new Field("until", SqlType.TimestampTz), new Field("told", SqlType.Text, false), new Field("data", SqlType.Jsonb)]),
        PrimaryKey = [0],
        OnConflict = ConflictRule.Overwrite,
        Definition = shown,
    };

    private static Uri Address(Syntax.CreateAlertStatement s)
    {
        if (s.Address.Length > AddressMax || !Uri.TryCreate(s.Address, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            throw new SqlException("22023", "the address behind NOTIFY is not one of http or https", s.Position, "write NOTIFY 'https://host/path'");
        }

        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            throw new SqlException("22023", "the address behind NOTIFY holds a user or a fragment, which is never sent", s.Position, "leave it out, or use WITH (authorization = 'Basic …')");
        }

        return address;
    }

    private static Dictionary<string, string> Options(Syntax.CreateAlertStatement s)
    {
        var options = new Dictionary<string, string>();
        foreach (Syntax.Option option in s.Options)
        {
            string text = option.Text ?? "";
            string? value = option.Key switch
            {
                AlertOptions.AuthorizationKey or AlertOptions.SecretKey => text.Length is > 0 and <= SecretMax && !text.Any(c => c is < ' ' or > '~') ? text : null,
                AlertOptions.RetryKey => Retention.TryParseTime(text) is >= 0 and <= AlertOptions.RetryMicrosMax and var micros ? micros.ToString(CultureInfo.InvariantCulture) : null,
                AlertOptions.OutstandingKey => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is > 0 and <= AlertOptions.OutstandingMax ? text : null,
                _ => throw new SqlException("22023", $"an alert has no option \"{option.Key}\"", option.Position,
                    $"there are {AlertOptions.AuthorizationKey}, {AlertOptions.SecretKey}, {AlertOptions.RetryKey} and {AlertOptions.OutstandingKey}"),
            };
            options[option.Key] = value ?? throw new SqlException("22023", $"option \"{option.Key}\" of an alert cannot be used as given", option.Position, option.Key switch
            {
                AlertOptions.RetryKey => "a length of time up to a week, such as '10 minutes'",
                AlertOptions.OutstandingKey => $"a whole number from 1 to {AlertOptions.OutstandingMax}",
                _ => $"up to {SecretMax} plain characters",
            });
        }

        return options;
    }

    private void CheckQuery(Syntax.CreateAlertStatement s, BoundQuery query)
    {
        int position = s.Query.Position;
        if (context.Parameters.Count > 0)
        {
            throw new SqlException("42P02", "an alert's query has no parameters", position, "write the values");
        }

        if (context.DependsOn.Any(id => id < 0))
        {
            throw new SqlException("0A000", "system relations have no changes to follow", position, "an alert watches streams, tables and views");
        }

        if (query.Plan.AppendOnly)
        {
            throw new SqlException("0A000", "the rows of this query never leave, so its alerts would never end", position,
                "let them leave with time: WHERE at > now() - INTERVAL '5 minutes'");
        }

        Field[] fields = [.. query.Columns.Fields];
        if (fields.Index().FirstOrDefault(f => fields.Take(f.Index).Any(x => x.Name == f.Item.Name)).Item is { } twice)
        {
            throw new SqlException("42701", $"column \"{twice.Name}\" specified more than once", position, "give one of them another name with AS");
        }
    }

    private static Syntax.Option Shown(Syntax.Option option) =>
        option.Key is AlertOptions.AuthorizationKey or AlertOptions.SecretKey ? option with { Value = new Syntax.StringLiteral("…") } : option;
}
