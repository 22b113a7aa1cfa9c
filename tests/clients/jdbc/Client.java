// PostgreSQL's JDBC driver against a running Millrace: the address as argument, exit code 0 when everything is as it should be.
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.time.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.copy.CopyManager;

public class Client {
    interface Check { void run() throws Exception; }

    static int passed, failed;
    static String url;
    static Connection db;

    static void check(String name, Check check) {
        try {
            check.run();
            passed++;
            System.out.println("ok   " + name);
        } catch (Throwable e) { // every failure is reported and counted
            failed++;
            StackTraceElement at = Arrays.stream(e.getStackTrace()).filter(f -> f.getClassName().startsWith("Client")).skip(e instanceof AssertionError ? 1 : 0).findFirst().orElse(null);
            System.out.println("FAIL " + name + ": " + e + (at == null ? "" : " at line " + at.getLineNumber()));
        }
    }

    static void same(Object actual, Object expected) {
        if (!Objects.deepEquals(actual, expected)) {
            throw new AssertionError(show(actual) + " is not " + show(expected));
        }
    }

    static String show(Object value) {
        return value instanceof Object[] array ? Arrays.deepToString(array) : value instanceof byte[] bytes ? Arrays.toString(bytes) : String.valueOf(value);
    }

    static String state(Check check) throws Exception {
        try {
            check.run();
        } catch (SQLException e) {
            return e.getSQLState();
        }
        return "no error";
    }

    static void run(String... statements) throws SQLException {
        try (Statement s = db.createStatement()) {
            for (String statement : statements) {
                s.execute(statement);
            }
        }
    }

    // The rows of a result, the named columns of each, joined by |.
    static List<String> rows(ResultSet result, String... columns) throws SQLException {
        var rows = new ArrayList<String>();
        try (result) {
            while (result.next()) {
                var row = new StringJoiner("|");
                for (String column : columns) {
                    row.add(String.valueOf(result.getObject(column)));
                }
                rows.add(row.toString());
            }
        }
        return rows;
    }

    static long number(String sql) throws SQLException {
        try (Statement s = db.createStatement(); ResultSet r = s.executeQuery(sql)) {
            r.next();
            return r.getLong(1);
        }
    }

    static void clean() throws SQLException {
        run("drop materialized view if exists jdbc_m", "drop view if exists jdbc_v", "drop table if exists jdbc_t", "drop table if exists jdbc_k", "drop table if exists jdbc_s",
            "drop stream if exists jdbc_e");
    }

    public static void main(String[] args) throws Exception {
        url = "jdbc:postgresql://" + args[0] + "/millrace?user=millrace";
        db = DriverManager.getConnection(url);
        System.out.println("JDBC " + org.postgresql.Driver.getVersion() + ", server " + db.getMetaData().getDatabaseProductVersion());
        clean();
        check("create", () -> run(
            "create table jdbc_t (id int not null, part varchar(10) not null default 'x', price numeric(10,2), at timestamptz, day date, tags text[], raw bytea, extra jsonb, u uuid,"
                + " f double precision, ok boolean, n bigint, s smallint, primary key (part, id))",
            "create index jdbc_t_price on jdbc_t (price)",
            "create view jdbc_v as select id, price from jdbc_t",
            "create stream jdbc_e (at timestamptz, k text, v double precision)",
            "create materialized view jdbc_m as select k, count(*) as n from jdbc_e group by k"));
        check("metadata: tables", Client::tables);
        check("metadata: columns", Client::columns);
        check("metadata: keys and indexes", Client::keys);
        check("metadata: types, schemas, functions", Client::kinds);
        check("prepared statements past the threshold", Client::prepared);
        check("binary types", () -> types(true));
        check("text types", () -> types(false));
        check("batch", Client::batch);
        check("fetch size", Client::fetch);
        check("transactions and savepoints", Client::transactions);
        check("copy", Client::copy);
        check("cancel and timeout", Client::cancel);
        check("errors and warnings", Client::errors);
        check("generated keys", Client::returned);
        check("materialized view", Client::view);
        check("simple protocol", Client::simple);
        check("drop", Client::clean);
        System.out.println(passed + " passed, " + failed + " failed, 0 skipped");
        System.exit(failed == 0 ? 0 : 1);
    }

    static void tables() throws Exception {
        DatabaseMetaData meta = db.getMetaData();
        same(rows(meta.getTables(null, "public", "jdbc\\_%", null), "TABLE_NAME", "TABLE_TYPE").stream().filter(r -> !r.endsWith("INDEX")).toList(),
            List.of("jdbc_m|MATERIALIZED VIEW", "jdbc_e|TABLE", "jdbc_t|TABLE", "jdbc_v|VIEW"));
        same(rows(meta.getTables(null, null, "pg_class", new String[] {"SYSTEM TABLE"}), "TABLE_SCHEM", "TABLE_NAME"), List.of("pg_catalog|pg_class"));
        same(rows(meta.getTables(null, "public", "jdbc_none", null), "TABLE_NAME"), List.of());
        if (!rows(meta.getTableTypes(), "TABLE_TYPE").contains("MATERIALIZED VIEW")) {
            throw new AssertionError("no materialized views");
        }
        rows(meta.getTablePrivileges(null, "public", "jdbc\\_t"), "PRIVILEGE");
        rows(meta.getColumnPrivileges(null, "public", "jdbc_t", "id"), "PRIVILEGE");
    }

    static void columns() throws Exception {
        same(rows(db.getMetaData().getColumns(null, "public", "jdbc\\_t", "%"), "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "IS_NULLABLE", "ORDINAL_POSITION"),
            List.of("id|4|int4|10|0|NO|1", "part|12|varchar|10|0|NO|2", "price|2|numeric|10|2|YES|3", "at|93|timestamptz|35|6|YES|4", "day|91|date|13|0|YES|5",
                "tags|2003|_text|2147483647|0|YES|6", "raw|-2|bytea|2147483647|0|YES|7", "extra|1111|jsonb|2147483647|0|YES|8", "u|1111|uuid|2147483647|0|YES|9",
                "f|8|float8|17|17|YES|10", "ok|-7|bool|1|0|YES|11", "n|-5|int8|19|0|YES|12", "s|5|int2|5|0|YES|13"));
        same(rows(db.getMetaData().getColumns(null, "public", "jdbc\\_t", "part"), "COLUMN_DEF").get(0).startsWith("'x'"), true);
        same(rows(db.getMetaData().getColumns(null, null, "jdbc\\_m", null), "COLUMN_NAME", "TYPE_NAME"), List.of("k|text", "n|int8"));
    }

    static void keys() throws Exception {
        DatabaseMetaData meta = db.getMetaData();
        same(rows(meta.getPrimaryKeys(null, "public", "jdbc_t"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME"), List.of("part|1|jdbc_t_pkey", "id|2|jdbc_t_pkey"));
        same(rows(meta.getIndexInfo(null, "public", "jdbc_t", false, false), "INDEX_NAME", "NON_UNIQUE", "ORDINAL_POSITION", "COLUMN_NAME"),
            List.of("jdbc_t_pkey|false|1|part", "jdbc_t_pkey|false|2|id", "jdbc_t_price|true|1|price"));
        same(rows(meta.getBestRowIdentifier(null, "public", "jdbc_t", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME").size(), 2);
        same(rows(meta.getImportedKeys(null, "public", "jdbc_t"), "PKTABLE_NAME"), List.of());
        same(rows(meta.getExportedKeys(null, "public", "jdbc_t"), "PKTABLE_NAME"), List.of());
        same(rows(meta.getCrossReference(null, "public", "jdbc_t", null, "public", "jdbc_m"), "PKTABLE_NAME"), List.of());
    }

    static void kinds() throws Exception {
        DatabaseMetaData meta = db.getMetaData();
        List<String> types = rows(meta.getTypeInfo(), "TYPE_NAME");
        if (!types.containsAll(List.of("int4", "int8", "text", "numeric", "timestamptz", "bool"))) {
            throw new AssertionError(types);
        }
        if (!rows(meta.getSchemas(), "TABLE_SCHEM").containsAll(List.of("information_schema", "pg_catalog", "public"))) {
            throw new AssertionError(rows(meta.getSchemas(), "TABLE_SCHEM"));
        }
        same(rows(meta.getSchemas(null, "publ%"), "TABLE_SCHEM"), List.of("public"));
        same(rows(meta.getCatalogs(), "TABLE_CAT"), List.of("millrace"));
        rows(meta.getFunctions(null, null, "abs"), "FUNCTION_NAME");
        rows(meta.getFunctionColumns(null, null, "abs", null), "COLUMN_NAME");
        rows(meta.getProcedures(null, null, "%"), "PROCEDURE_NAME");
        rows(meta.getUDTs(null, null, "%", null), "TYPE_NAME");
        rows(meta.getClientInfoProperties(), "NAME");
        same(meta.getDefaultTransactionIsolation(), Connection.TRANSACTION_READ_COMMITTED);
        same(meta.getMaxColumnNameLength() >= 31, true);
        same(db.getSchema(), "public");
        same(db.getCatalog(), "millrace");
        same(db.isValid(5), true);
    }

    static void prepared() throws Exception {
        try (PreparedStatement s = db.prepareStatement("select ?::int + 1, ?::text, ?::numeric, ?::timestamptz")) {
            OffsetDateTime at = OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 4000, ZoneOffset.UTC);
            for (int i = 0; i < 12; i++) {
                s.setInt(1, i);
                s.setString(2, "é" + i);
                s.setBigDecimal(3, new BigDecimal("-1.50"));
                s.setObject(4, at);
                try (ResultSet r = s.executeQuery()) {
                    r.next();
                    same(r.getInt(1), i + 1);
                    same(r.getString(2), "é" + i);
                    same(r.getBigDecimal(3), new BigDecimal("-1.50"));
                    same(r.getObject(4, OffsetDateTime.class).toInstant(), at.toInstant());
                }
            }
            same(s.unwrap(PGStatement.class).isUseServerPrepare(), true);
            ParameterMetaData parameters = s.getParameterMetaData();
            same(List.of(parameters.getParameterCount(), parameters.getParameterTypeName(1), parameters.getParameterTypeName(3)), List.of(4, "int4", "numeric"));
        }
        // The table changes under a statement that the server has prepared: the driver prepares it anew.
        run("create table jdbc_k (id int primary key, v int)", "insert into jdbc_k values (1, 2)");
        try (PreparedStatement s = db.prepareStatement("select * from jdbc_k where id = ?")) {
            for (int i = 0; i < 8; i++) {
                s.setInt(1, 1);
                same(rows(s.executeQuery(), "v"), List.of("2"));
            }
            run("drop table jdbc_k", "create table jdbc_k (id int primary key, v text)", "insert into jdbc_k values (1, 'two')");
            s.setInt(1, 1);
            same(rows(s.executeQuery(), "v"), List.of("two"));
        }
        run("drop table jdbc_k");
    }

    static void types(boolean binary) throws Exception {
        try (Connection c = DriverManager.getConnection(url + "&prepareThreshold=" + (binary ? "-1" : "0") + "&binaryTransfer=" + binary)) {
            Object[][] values = {
                {"int2", (short) -7, Integer.valueOf(-7)}, {"int4", Integer.MAX_VALUE, Integer.MAX_VALUE}, {"int8", Long.MIN_VALUE, Long.MIN_VALUE}, {"float8", 2.5, 2.5}, {"float4", 0.1f, 0.1f},
                {"numeric", new BigDecimal("-12345678901234567890.0123"), new BigDecimal("-12345678901234567890.0123")}, {"text", "a 'b' \\", "a 'b' \\"}, {"bool", true, true},
                {"uuid", UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"), UUID.fromString("01234567-89ab-cdef-0123-456789abcdef")},
                {"bytea", new byte[] {0, 1, -1}, new byte[] {0, 1, -1}},
                {"date", LocalDate.of(2024, 2, 29), java.sql.Date.valueOf("2024-02-29")}, {"time", LocalTime.of(23, 59, 58), java.sql.Time.valueOf("23:59:58")},
                {"timestamp", LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4000), Timestamp.valueOf("2024-02-29 01:02:03.000004")},
            };
            for (Object[] v : values) {
                try (PreparedStatement s = c.prepareStatement("select ?::" + v[0] + " as v, null::" + v[0] + " as n")) {
                    s.setObject(1, v[1]);
                    for (int i = 0; i < 2; i++) { // the driver asks for binary when it knows the columns
                        ResultSet r = s.executeQuery();
                        r.next();
                        same(r.getObject("v"), v[2]);
                        same(r.getObject("n"), null);
                        same(r.getMetaData().getColumnTypeName(1), v[0]);
                    }
                }
            }
            try (PreparedStatement s = c.prepareStatement("select ?::int[], ?::text[], array[1.5, null]::numeric[], '{}'::bigint[]")) {
                s.setArray(1, c.createArrayOf("int4", new Object[] {1, null, 3}));
                s.setArray(2, c.createArrayOf("text", new Object[] {"a", "b,c", "\""}));
                for (int i = 0; i < 2; i++) {
                    ResultSet r = s.executeQuery();
                    r.next();
                    same(r.getArray(1).getArray(), new Integer[] {1, null, 3});
                    same(r.getArray(2).getArray(), new String[] {"a", "b,c", "\""});
                    same(r.getArray(3).getArray(), new BigDecimal[] {new BigDecimal("1.5"), null});
                    same(r.getArray(4).getArray(), new Long[] {});
                }
            }
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("select interval '1 day 02:03:04.5', '{\"a\": [1]}'::jsonb")) {
                r.next();
                same(r.getObject(1), new org.postgresql.util.PGInterval(0, 0, 1, 2, 3, 4.5));
                same(r.getString(2), "{\"a\": [1]}");
            }
        }
    }

    static void batch() throws Exception {
        for (String rewrite : new String[] {"false", "true"}) {
            try (Connection c = DriverManager.getConnection(url + "&reWriteBatchedInserts=" + rewrite)) {
                c.setAutoCommit(false);
                try (PreparedStatement s = c.prepareStatement("insert into jdbc_t (id, part, price) values (?, ?, ?)")) {
                    for (int i = 0; i < 1000; i++) {
                        s.setInt(1, i);
                        s.setString(2, "b" + rewrite);
                        s.setBigDecimal(3, BigDecimal.valueOf(i, 2));
                        s.addBatch();
                    }
                    same(s.executeBatch().length, 1000);
                }
                c.commit();
            }
        }
        same(number("select count(*) from jdbc_t where part in ('btrue', 'bfalse')"), 2000L);
        // A batch outside of a transaction is one all the same: nothing of it stays when a row is refused.
        try (PreparedStatement s = db.prepareStatement("insert into jdbc_t (id, part) values (?, 'twice')")) {
            for (int i : new int[] {1, 2, 1}) {
                s.setInt(1, i);
                s.addBatch();
            }
            same(state(s::executeBatch), "23505");
        }
        same(number("select count(*) from jdbc_t where part = 'twice'"), 0L);
        try (Statement s = db.createStatement()) {
            s.addBatch("update jdbc_t set f = 1 where part = 'btrue' and id < 10");
            s.addBatch("delete from jdbc_t where part = 'btrue' and id < 5");
            same(s.executeBatch(), new int[] {10, 5});
        }
    }

    static void fetch() throws Exception {
        db.setAutoCommit(false);
        try (PreparedStatement s = db.prepareStatement("select id from jdbc_t where part = 'bfalse' order by id")) {
            s.setFetchSize(100);
            for (int k = 0; k < 7; k++) {
                int expected = 0;
                try (ResultSet r = s.executeQuery()) {
                    while (r.next()) {
                        same(r.getInt(1), expected++);
                    }
                }
                same(expected, 1000);
            }
        } finally {
            db.commit();
            db.setAutoCommit(true);
        }
        try (Statement s = db.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY); ResultSet r = s.executeQuery("select x from generate_series(1, 5) g(x)")) {
            same(r.last(), true);
            same(r.getInt(1), 5);
            same(r.absolute(2), true);
            same(r.getInt(1), 2);
        }
    }

    static void transactions() throws Exception {
        db.setAutoCommit(false);
        try {
            run("insert into jdbc_t (id, part) values (1, 'tx')");
            Savepoint point = db.setSavepoint("p");
            run("insert into jdbc_t (id, part) values (2, 'tx')");
            db.rollback(point);
            run("insert into jdbc_t (id, part) values (3, 'tx')");
            db.commit();
            same(number("select sum(id) from jdbc_t where part = 'tx'"), 4L);
            run("delete from jdbc_t where part = 'tx'");
            db.rollback();
            same(number("select count(*) from jdbc_t where part = 'tx'"), 2L);
            same(state(() -> run("select 1/0")), "22012");
            same(state(() -> run("select 1")), "25P02");
            db.rollback();
        } finally {
            db.setAutoCommit(true);
        }
        db.setReadOnly(true);
        db.setAutoCommit(false);
        same(state(() -> run("insert into jdbc_t (id, part) values (9, 'ro')")), "25006");
        db.rollback();
        db.setAutoCommit(true);
        db.setReadOnly(false);
        db.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        same(db.getTransactionIsolation(), Connection.TRANSACTION_REPEATABLE_READ);
        db.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    static void copy() throws Exception {
        CopyManager copies = db.unwrap(PGConnection.class).getCopyAPI();
        same(copies.copyIn("copy jdbc_t (id, part, price) from stdin with (format csv)", new StringReader("1,copy,1.25\n2,copy,\n")), 2L);
        same(copies.copyIn("copy jdbc_t (id, part) from stdin", new ByteArrayInputStream("3\tcopy\n".getBytes(StandardCharsets.UTF_8))), 1L);
        var out = new StringWriter();
        same(copies.copyOut("copy (select id, price from jdbc_t where part = 'copy' order by id) to stdout with (format csv, header)", out), 3L);
        same(out.toString(), "id,price\n1,1.25\n2,\n3,\n");
        same(state(() -> copies.copyIn("copy jdbc_t (id, part) from stdin with (format csv)", new StringReader("x,copy\n"))), "22P02");
        var stopped = copies.copyIn("copy jdbc_t (id, part) from stdin");
        stopped.writeToCopy("7\tcopy\n".getBytes(StandardCharsets.UTF_8), 0, 7);
        stopped.cancelCopy();
        same(number("select count(*) from jdbc_t where part = 'copy'"), 3L);
    }

    static void cancel() throws Exception {
        run("create table jdbc_s (id int primary key)");
        try (Connection c = DriverManager.getConnection(url); Statement s = c.createStatement()) {
            c.setAutoCommit(false);
            s.execute("declare changes cursor for subscribe jdbc_s");
            s.execute("fetch all from changes with (timeout = '0s')");
            var timer = new java.util.Timer(true);
            timer.schedule(new TimerTask() {
                public void run() {
                    try {
                        s.cancel();
                    } catch (SQLException e) {
                        System.out.println("cancel: " + e);
                    }
                }
            }, 300);
            same(state(() -> s.execute("fetch 1 from changes with (timeout = '1 minute')")), "57014");
            timer.cancel();
            c.rollback();
            s.execute("declare changes cursor for subscribe jdbc_s");
            s.execute("fetch all from changes with (timeout = '0s')");
            s.setQueryTimeout(1);
            same(state(() -> s.execute("fetch 1 from changes with (timeout = '1 minute')")), "57014");
            s.setQueryTimeout(0);
            c.rollback();
            same(s.execute("select 1"), true);
        }
        run("drop table jdbc_s");
    }

    static void errors() throws Exception {
        same(state(() -> run("select nope from jdbc_t")), "42703");
        same(state(() -> run("select * from jdbc_none")), "42P01");
        same(state(() -> run("selec 1")), "42601");
        same(state(() -> run("insert into jdbc_t (id, part, u) values (1, 'e', 'x')")), "22P02");
        try {
            run("select nope from jdbc_t");
        } catch (org.postgresql.util.PSQLException e) {
            same(e.getServerErrorMessage().getPosition(), 8);
        }
        try (Statement s = db.createStatement()) {
            s.execute("drop table if exists jdbc_none");
            same(s.getWarnings().getSQLState(), "00000");
        }
    }

    static void returned() throws Exception {
        try (PreparedStatement s = db.prepareStatement("insert into jdbc_t (id, part) values (?, 'gen')", Statement.RETURN_GENERATED_KEYS)) {
            s.setInt(1, 77);
            same(s.executeUpdate(), 1);
            same(rows(s.getGeneratedKeys(), "id", "part"), List.of("77|gen"));
        }
        try (PreparedStatement s = db.prepareStatement("update jdbc_t set n = 8 where part = 'gen'", new String[] {"id"})) {
            s.executeUpdate();
            same(rows(s.getGeneratedKeys(), "id"), List.of("77"));
        }
    }

    static void view() throws Exception {
        try (PreparedStatement s = db.prepareStatement("insert into jdbc_e (at, k, v) values (?, ?, ?)")) {
            for (int i = 0; i < 10; i++) {
                s.setTimestamp(1, Timestamp.from(Instant.ofEpochSecond(1_700_000_000L + i)));
                s.setString(2, "k" + i % 2);
                s.setDouble(3, i);
                s.addBatch();
            }
            s.executeBatch();
        }
        try (Statement s = db.createStatement()) {
            same(rows(s.executeQuery("select * from jdbc_m order by k"), "k", "n"), List.of("k0|5", "k1|5"));
        }
    }

    static void simple() throws Exception {
        try (Connection c = DriverManager.getConnection(url + "&preferQueryMode=simple"); PreparedStatement s = c.prepareStatement("select ?::text, ?::int[]")) {
            s.setString(1, "it's");
            s.setArray(2, c.createArrayOf("int4", new Object[] {1, 2}));
            ResultSet r = s.executeQuery();
            r.next();
            same(r.getString(1), "it's");
            same(r.getArray(2).getArray(), new Integer[] {1, 2});
        }
    }
}
