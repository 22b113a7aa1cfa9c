// CREATE and ALTER to text; a table's columns stand one to a line, as people write them.
namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    private static string KindText(ObjectKind kind) =>
        kind == ObjectKind.MaterializedView ? "MATERIALIZED VIEW" : kind.ToString().ToUpperInvariant();

    private void WriteCreateTable(CreateTableStatement create)
    {
        Add("CREATE ");
        AddIf(create.OrReplace, "OR REPLACE ");
        AddIf(create.Temporary, "TEMPORARY ");
        Add(KindText(create.Kind) + " ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        WriteTableElements(create);
        AddIf(create.AppendOnly, " APPEND ONLY");
        Add(create.OnConflict switch
        {
            ConflictBehavior.Overwrite => " ON CONFLICT OVERWRITE",
            ConflictBehavior.Ignore => " ON CONFLICT IGNORE",
            ConflictBehavior.UpdateIfNotNull => " ON CONFLICT DO UPDATE IF NOT NULL",
            _ => "",
        });
        if (create.VersionColumn is not null)
        {
            Add(" WITH VERSION COLUMN (");
            WriteName(create.VersionColumn);
            Add(")");
        }
        WriteOptions(" WITH ", create.Options);
        WriteFormat(create.Format, create.Encode, create.EncodeOptions);
        if (create.AsQuery is not null)
        {
            Add(" AS ");
            WriteQuery(create.AsQuery);
            AddIf(create.WithNoData, " WITH NO DATA");
        }
    }

    private void WriteTableElements(CreateTableStatement create)
    {
        bool any = create.Columns.Count + create.Constraints.Count + create.Watermarks.Count > 0;
        if (!any && create.AsQuery is not null)
        {
            return;
        }
        Add(" (");
        string line = "\n    ";
        void Element<T>(NodeList<T> items, Action<T> write)
        {
            foreach (T item in items)
            {
                Add(line);
                write(item);
                line = ",\n    ";
            }
        }
        Element(create.Columns, WriteColumnDef);
        Element(create.Watermarks, WriteWatermark);
        Element(create.Constraints, WriteConstraint);
        AddIf(any, "\n");
        Add(")");
    }

    private void WriteFormat(string? format, string? encode, NodeList<Option> options)
    {
        if (format is null)
        {
            return;
        }
        Add($" FORMAT {FormatWord(format)} ENCODE {FormatWord(encode!)}");
        WriteOptions(" ", options);
    }

    private static string FormatWord(string word) => IsPlain(word) ? word.ToUpperInvariant() : QuoteName(word);

    private void WriteWatermark(WatermarkDef watermark)
    {
        Add("WATERMARK FOR ");
        WriteName(watermark.Column);
        Add(" AS ");
        WriteExpr(watermark.Value);
    }

    private void WriteColumnDef(ColumnDef column)
    {
        WriteName(column.Name);
        if (column.Type is not null)
        {
            Add(" ");
            WriteType(column.Type);
        }
        if (column.Collation is not null)
        {
            Add(" COLLATE ");
            WriteName(column.Collation);
        }
        AddIf(column.NotNull is not null, column.NotNull == true ? " NOT NULL" : " NULL");
        if (column.Default is not null)
        {
            Add(" DEFAULT ");
            WriteRestricted(column.Default);
        }
        AddIf(column.Identity, " GENERATED ALWAYS AS IDENTITY");
        if (column.Generated is not null)
        {
            Add(" GENERATED ALWAYS AS (");
            WriteExpr(column.Generated);
            Add(") STORED");
        }
        AddIf(column.PrimaryKey, " PRIMARY KEY");
        if (column.UniqueName is not null)
        {
            Add(" CONSTRAINT ");
            WriteName(column.UniqueName);
        }
        AddIf(column.Unique, " UNIQUE");
        foreach (TableConstraint check in column.Checks)
        {
            Add(" ");
            WriteConstraint(check);
        }
        if (column.References is not null)
        {
            Add(" REFERENCES ");
            WriteName(column.References);
        }
    }

    private void WriteCheck(string lead, Expr check)
    {
        Add(lead);
        WriteExpr(check);
        Add(")");
    }

    private void WriteConstraint(TableConstraint constraint)
    {
        if (constraint.ConstraintName is not null)
        {
            Add("CONSTRAINT ");
            WriteName(constraint.ConstraintName);
            Add(" ");
        }
        switch (constraint.Kind)
        {
            case ConstraintKind.Check:
                WriteCheck("CHECK (", constraint.Check!);
                break;
            case ConstraintKind.ForeignKey:
                Add("FOREIGN KEY ");
                WriteNames(constraint.Columns);
                Add(" REFERENCES ");
                WriteName(constraint.References!);
                WriteOptionalNames(constraint.ReferencedColumns);
                break;
            default:
                Add(constraint.Kind == ConstraintKind.PrimaryKey ? "PRIMARY KEY " : "UNIQUE ");
                WriteNames(constraint.Columns);
                break;
        }
    }

    private void WriteCreateView(CreateViewStatement create)
    {
        Add("CREATE ");
        AddIf(create.OrReplace, "OR REPLACE ");
        AddIf(create.Temporary, "TEMPORARY ");
        Add(create.Materialized ? "MATERIALIZED VIEW " : "VIEW ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        WriteOptionalNames(create.Columns);
        WriteOptions(" WITH ", create.Options);
        Add(" AS ");
        WriteQuery(create.Query);
        AddIf(create.WithNoData, " WITH NO DATA");
    }

    private void WriteCreateEndpoint(CreateEndpointStatement create)
    {
        Add("CREATE ");
        AddIf(create.OrReplace, "OR REPLACE ");
        Add("ENDPOINT ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        if (create.Parameters.Count > 0)
        {
            Add(" (");
            WriteList(create.Parameters, p =>
            {
                WriteName(p.Name);
                Add(" ");
                WriteType(p.Type);
                if (p.Default is not null)
                {
                    Add(" DEFAULT ");
                    WriteExpr(p.Default);
                }
            });
            Add(")");
        }
        WriteOptions(" WITH ", create.Options);
        Add(" AS ");
        WriteQuery(create.Query);
    }

    private void WriteCreateAlert(CreateAlertStatement create)
    {
        Add("CREATE ALERT ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        Add(" ON (");
        WriteQuery(create.Query);
        Add(") NOTIFY ");
        Add(QuoteString(create.Address));
        WriteOptions(" WITH ", create.Options);
    }

    private void WriteCreateIndex(CreateIndexStatement create)
    {
        Add(create.Unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        if (create.Name is not null)
        {
            WriteName(create.Name);
            Add(" ");
        }
        Add("ON ");
        WriteName(create.Table);
        AddIf(create.Method is not null, " USING " + QuoteName(create.Method ?? "btree"));
        Add(" (");
        WriteList(create.Columns, WriteOrderItem);
        Add(")");
        if (create.Include.Count > 0)
        {
            Add(" INCLUDE ");
            WriteNames(create.Include);
        }
        if (create.DistributedBy.Count > 0)
        {
            Add(" DISTRIBUTED BY (");
            WriteList(create.DistributedBy, WriteExpr);
            Add(")");
        }
        WriteOptions(" WITH ", create.Options);
        WriteWhere(create.Where);
    }

    private void WriteCreateSink(CreateSinkStatement create)
    {
        Add("CREATE SINK ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        if (create.Into is not null)
        {
            Add(" INTO ");
            WriteName(create.Into);
            WriteOptionalNames(create.Columns);
        }
        if (create.From is not null)
        {
            Add(" FROM ");
            WriteName(create.From);
        }
        else
        {
            Add(" AS ");
            WriteQuery(create.Query!);
        }
        WriteOptions(" WITH ", create.Options);
        WriteFormat(create.Format, create.Encode, create.EncodeOptions);
    }

    private void WriteAlter(AlterStatement alter)
    {
        Add($"ALTER {KindText(alter.Kind)} ");
        AddIf(alter.IfExists, "IF EXISTS ");
        WriteName(alter.Name);
        Add(" ");
        WriteList(alter.Actions, WriteAction);
    }

    private void WriteAction(AlterAction action)
    {
        switch (action)
        {
            case RenameToAction rename: WriteVerb("RENAME TO ", rename.NewName, ""); break;
            case RenameColumnAction rename:
                WriteVerb("RENAME COLUMN ", rename.Column, "");
                WriteVerb(" TO ", rename.NewName, "");
                break;
            case PauseAction pause:
                Add("PAUSE");
                WriteOptions(" WITH ", pause.Options);
                break;
            case ResumeAction: Add("RESUME"); break;
            case SetOptionsAction set: WriteOptions("SET ", set.Options); break;
            case ResetOptionsAction reset:
                Add("RESET (");
                WriteList(reset.Keys, WriteOptionKey);
                Add(")");
                break;
            case AddColumnAction add:
                Add(add.IfNotExists ? "ADD COLUMN IF NOT EXISTS " : "ADD COLUMN ");
                WriteColumnDef(add.Column);
                break;
            case DropColumnAction drop:
                WriteVerb(drop.IfExists ? "DROP COLUMN IF EXISTS " : "DROP COLUMN ", drop.Column, "");
                AddIf(drop.Cascade, " CASCADE");
                break;
            case AlterColumnAction alter: WriteAlterColumn(alter); break;
            case AddConstraintAction add:
                Add("ADD ");
                WriteConstraint(add.Constraint);
                break;
            case SetSchemaAction set: WriteVerb("SET SCHEMA ", set.Schema, ""); break;
            case OwnerToAction owner: WriteVerb("OWNER TO ", owner.Owner, ""); break;
            default: throw new InvalidOperationException($"BUG: no text for {action.GetType().Name}");
        }
    }

    private void WriteAlterColumn(AlterColumnAction alter)
    {
        WriteVerb("ALTER COLUMN ", alter.Column, "");
        switch (alter.Change)
        {
            case ColumnChange.SetDefault:
                Add(" SET DEFAULT ");
                WriteExpr(alter.Default!);
                break;
            case ColumnChange.Type:
                Add(" TYPE ");
                WriteType(alter.Type!);
                break;
            default:
                Add(alter.Change switch
                {
                    ColumnChange.DropDefault => " DROP DEFAULT",
                    ColumnChange.SetNotNull => " SET NOT NULL",
                    _ => " DROP NOT NULL",
                });
                break;
        }
    }
}
