// Users and grants as text.
namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    private void WriteUser(UserStatement user)
    {
        Add(user.Alter ? "ALTER USER " : "CREATE USER ");
        AddIf(user.IfNotExists, "IF NOT EXISTS ");
        WriteName(user.Name);
        AddIf(user.Superuser is not null, user.Superuser == true ? " SUPERUSER" : " NOSUPERUSER");
        AddIf(user.Password is not null, " PASSWORD " + QuoteString(user.Password ?? ""));
    }

    private void WriteGrant(GrantStatement grant)
    {
        Add(grant.Revoke ? "REVOKE " : "GRANT ");
        Add(grant.Read && grant.Write ? "ALL" : grant.Read ? "SELECT" : "INSERT");
        Add(" ON ");
        if (grant.Schemas.Count > 0)
        {
            Add("SCHEMA ");
            WriteList(grant.Schemas, WriteName);
        }
        else if (grant.Names.Count == 0)
        {
            Add(grant.Endpoints ? "ALL ENDPOINTS" : "ALL TABLES");
            if (grant.InSchema is { } schema)
            {
                Add(" IN SCHEMA ");
                WriteName(schema);
            }
        }
        else
        {
            AddIf(grant.Endpoints, "ENDPOINT ");
            WriteList(grant.Names, WriteName);
        }
        Add(grant.Revoke ? " FROM " : " TO ");
        WriteList(grant.Users, WriteName);
    }
}
