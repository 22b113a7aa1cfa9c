// Users, tokens and what they may do: kept as objects of the catalog beside the relations.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>
/// Binds CREATE and ALTER USER, CREATE TOKEN, GRANT and REVOKE. What is kept of a secret is a verifier or a hash, never itself; whoever hands such a
/// statement to the engine has put that in its place.
/// </summary>
internal sealed class AccessBinder(BindContext context)
{
    /// <summary>CREATE USER and ALTER USER.</summary>
    public BoundStatement User(Syntax.UserStatement s)
    {
        CatalogObject? there = context.Catalog.Find(ObjectKind.User, s.Name.Text);
        if (there is null == s.Alter)
        {
            if (there is not null && s.IfNotExists)
            {
                return new BoundNoOp("CREATE ROLE") { Notices = [$"role \"{s.Name.Text}\" already exists, skipping"] };
            }

            throw s.Alter ? NoUser(s.Name) : new SqlException("42710", $"role \"{s.Name.Text}\" already exists", s.Name.Position, "ALTER USER changes it");
        }

        var options = new Dictionary<string, string>(there?.Options ?? new Dictionary<string, string>());
        var notices = new List<string>();
        if (s.Password is { } verifier)
        {
            options.Remove(AccessOptions.Verifier);
            if (verifier.Length > 0)
            {
                options[AccessOptions.Verifier] = verifier;
            }
        }

        if (s.Superuser is { } superuser)
        {
            options.Remove(AccessOptions.Superuser);
            if (superuser)
            {
                options[AccessOptions.Superuser] = "true";
            }
        }

        CatalogObject user = (there ?? Beside(ObjectKind.User, s.Name.Text)) with { Options = options };
        if (!context.Catalog.Beside.Append(user).Any(o => o.Kind == ObjectKind.User && o.Name != s.Name.Text && CanAdminister(o)) && !CanAdminister(user))
        {
            notices.Add("from now on everybody has to log in, and there is no superuser with a password: make one before this connection is closed "
                + "(CREATE USER name SUPERUSER PASSWORD '…'), or later with millrace sql --data FOLDER");
        }

        return new BoundAccess(s.Alter ? "ALTER ROLE" : "CREATE ROLE", user, there is null) { Notices = notices };
    }

    private static bool CanAdminister(CatalogObject user) => AccessOptions.IsSuperuser(user) && user.Options.ContainsKey(AccessOptions.Verifier);

    /// <summary>CREATE TOKEN.</summary>
    public BoundCreateToken Token(Syntax.CreateTokenStatement s)
    {
        if (context.Catalog.Find(ObjectKind.Token, s.Name.Text) is not null)
        {
            throw new SqlException("42710", $"token \"{s.Name.Text}\" already exists", s.Name.Position, "drop it first: a secret is told once only");
        }

        CatalogObject user = UserOf(s.User);
        var options = new Dictionary<string, string>();
        foreach (Syntax.Option option in s.Options)
        {
            bool known = (option.Key == AccessOptions.Hash && option.Text is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower))
                || (option.Key == AccessOptions.Rate && int.TryParse(option.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int rate) && rate > 0);
            options[option.Key] = known ? option.Text! : throw new SqlException(
                "22023", $"option \"{option.Key}\" of a token is not understood", option.Position,
                "there is rate = requests a second, a whole number from 1, and hash = SHA-256 of a token of your own, in 64 hexadecimal digits");
        }

        return new BoundCreateToken(Beside(ObjectKind.Token, s.Name.Text) with { Options = options, DependsOn = [user.Id] });
    }

    /// <summary>GRANT and REVOKE, for the first user named; whoever hands statements to the engine makes one for each user.</summary>
    public BoundStatement Grant(Syntax.GrantStatement s)
    {
        List<CatalogObject> users = [.. s.Users.Select(UserOf)];
        CatalogObject user = users[0];
        foreach (Syntax.Name schema in s.InSchema is { } named ? s.Schemas.Append(named) : s.Schemas)
        {
            if (!context.Catalog.HasSchema(schema.Text))
            {
                throw new SqlException("3F000", $"schema \"{schema.Text}\" does not exist", schema.Position);
            }
        }

        if (s.Schemas.Count > 0)
        {
            return new BoundNoOp(s.Revoke ? "REVOKE" : "GRANT")
            {
                Notices = ["everybody may name what is in a schema, and only superusers make objects: grant what may be done with its tables (ON ALL TABLES IN SCHEMA)"],
            };
        }

        var options = new Dictionary<string, string>(user.Options);
        List<string> objects = [.. s.Names.Select(n => Of(n, s.Endpoints).Id.ToString(CultureInfo.InvariantCulture))];
        if (s.Names.Count == 0)
        {
            objects.Add(s.Endpoints ? AccessOptions.AllEndpoints : s.InSchema is { } schema ? AccessOptions.AllOfSchema + schema.Text : AccessOptions.AllRelations);
        }

        foreach (string o in objects)
        {
            foreach (string privilege in (s.Read, s.Write) switch { (true, true) => new[] { AccessOptions.Read, AccessOptions.Write }, (true, _) => [AccessOptions.Read], _ => [AccessOptions.Write] })
            {
                options.Remove(privilege + o);
                if (s.Revoke && s.InSchema is { } schema && options.ContainsKey(privilege + AccessOptions.AllRelations))
                {
                    throw new SqlException("0A000", $"\"{user.Name}\" holds this on all tables, not on those of schema {schema.Text}", schema.Position,
                        "REVOKE … ON ALL TABLES, then GRANT … IN SCHEMA");
                }

                bool everywhere = s.Revoke && o == AccessOptions.AllRelations;
                foreach (string held in everywhere ? options.Keys.Where(k => k.StartsWith(privilege + AccessOptions.AllOfSchema, StringComparison.Ordinal)).ToList() : [])
                {
                    options.Remove(held);
                }

                if (!s.Revoke)
                {
                    options[privilege + o] = "true";
                }
            }
        }

        return new BoundAccess(s.Revoke ? "REVOKE" : "GRANT", user with { Options = options }, false);
    }

    private CatalogObject Of(Syntax.ObjectName name, bool endpoint) => !endpoint ? Relations.Find(context, name)
        : context.Catalog.Find(ObjectKind.Endpoint, name.Last) ?? throw new SqlException("42704", $"endpoint \"{name.Last}\" does not exist", name.Position);

    private static CatalogObject Beside(ObjectKind kind, string name) => new() { Id = 0, Name = name, Kind = kind, Columns = Schema.Empty };

    private CatalogObject UserOf(Syntax.Name name) => context.Catalog.Find(ObjectKind.User, name.Text) ?? throw NoUser(name);

    private SqlException NoUser(Syntax.Name name) => new("42704", $"role \"{name.Text}\" does not exist", name.Position,
        Suggest.Hint(name.Text, context.Catalog.Beside.Where(o => o.Kind == ObjectKind.User).Select(o => o.Name)));
}
