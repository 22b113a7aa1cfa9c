// Metabase's queries against a running Millrace: the address as argument, exit code 0 when everything is as it should be.
// Through PostgreSQL's JDBC driver, in Metabase's way: prepared statements, read forward only with a fetch size, in a transaction that is read only and
// rolled back behind it; what the driver asks of the catalog by itself (DatabaseMetaData) in between.
import java.nio.file.*;
import java.sql.*;
import java.time.*;
import java.util.*;

public class Client {
    interface Check { void run() throws Exception; }

    record Block(String name, Map<String, String> said, String sql) { }

    static int passed, failed;
    static Connection db;

    static void check(String name, Check check) {
        try {
            check.run();
            passed++;
            System.out.println("ok   " + name);
        } catch (Throwable e) { // every failure is reported and counted
            failed++;
            System.out.println("FAIL " + name + ": " + e);
        }
    }

    static void same(Object actual, Object expected) {
        if (!Objects.deepEquals(actual, expected)) {
            throw new AssertionError(actual + " is not " + expected);
        }
    }

    // The files of ../replay.md.
    static Map<String, Block> blocks(String file) throws Exception {
        var blocks = new LinkedHashMap<String, Block>();
        var lines = new ArrayList<String>();
        for (String line : Files.readAllLines(Path.of(file))) {
            if (line.equals(";")) {
                var said = new HashMap<String, String>();
                int at = 1;
                for (; at < lines.size() && lines.get(at).matches("-- (with|extended|fails|differs):.*"); at++) {
                    String[] parts = lines.get(at).substring(3).split(":", 2);
                    said.put(parts[0], parts[1].trim());
                }
                String name = lines.get(0).substring(3);
                blocks.put(name, new Block(name, said, String.join("\n", lines.subList(at, lines.size()))));
                lines.clear();
            } else if (!line.startsWith("# ")) {
                lines.add(line);
            }
        }
        return blocks;
    }

    static void all(Block block, boolean quietly) throws SQLException {
        try (Statement s = db.createStatement()) {
            for (String statement : block.sql().split(";\n")) {
                try {
                    s.execute(statement);
                } catch (SQLException e) {
                    if (!quietly) {
                        throw e;
                    }
                }
            }
        }
    }

    // As a question is asked: the values typed, the rows read one by one, each as what its type is.
    static List<List<Object>> ask(Block block) throws SQLException {
        var rows = new ArrayList<List<Object>>();
        String sql = block.sql().endsWith(";") ? block.sql().substring(0, block.sql().length() - 1) : block.sql();
        boolean question = block.name().startsWith("a question") || block.name().startsWith("a native") || block.name().startsWith("the fingerprint") || block.name().startsWith("the values");
        if (question) {
            db.setReadOnly(true);
            db.setAutoCommit(false);
        }
        try (PreparedStatement s = db.prepareStatement(sql, ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY, ResultSet.CLOSE_CURSORS_AT_COMMIT)) {
            s.setFetchDirection(ResultSet.FETCH_FORWARD);
            s.setFetchSize(2);
            s.setQueryTimeout(60);
            int i = 1;
            for (String value : block.said().containsKey("with") ? block.said().get("with").split(" \\| ") : new String[0]) {
                if (value.matches("-?[0-9]+")) {
                    s.setObject(i++, Long.parseLong(value));
                } else {
                    s.setObject(i++, value);
                }
            }
            if (s.execute()) {
                try (ResultSet r = s.getResultSet()) {
                    ResultSetMetaData meta = r.getMetaData();
                    while (r.next()) {
                        var row = new ArrayList<Object>();
                        for (int c = 1; c <= meta.getColumnCount(); c++) {
                            row.add(meta.getColumnType(c) == Types.TIMESTAMP
                                ? r.getObject(c, (Class<?>) (meta.getColumnTypeName(c).equals("timestamptz") ? OffsetDateTime.class : LocalDateTime.class))
                                : meta.getColumnType(c) == Types.TIME ? r.getObject(c, LocalTime.class)
                                : meta.getColumnType(c) == Types.DATE ? r.getObject(c, LocalDate.class) : r.getObject(c));
                        }
                        rows.add(row);
                    }
                }
            }
            same(null, block.said().get("fails"));
        } catch (SQLException e) {
            if (!Objects.equals(e.getSQLState(), block.said().get("fails"))) {
                throw e;
            }
        } finally {
            if (question) {
                db.rollback();
                db.setAutoCommit(true);
                db.setReadOnly(false);
            }
        }
        return rows;
    }

    static List<String> names(ResultSet result, String... columns) throws SQLException {
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

    public static void main(String[] args) throws Exception {
        db = DriverManager.getConnection("jdbc:postgresql://" + args[0] + "/millrace?user=millrace&sslmode=disable&ApplicationName=Metabase%20v0.50%20%5B1%5D&OpenSourceSubProtocolOverride=true");
        Map<String, Block> told = blocks("queries.sql");
        all(told.get("@cleanup"), true);
        check("@setup", () -> all(told.get("@setup"), false));
        var rows = new HashMap<String, List<List<Object>>>();
        for (Block block : told.values()) {
            if (!block.name().startsWith("@")) {
                check(block.name(), () -> rows.put(block.name(), ask(block)));
            }
        }

        check("sync: schemas and tables", () -> {
            DatabaseMetaData meta = db.getMetaData();
            same(names(meta.getSchemas(), "TABLE_SCHEM").contains("public"), true);
            same(names(meta.getTables(null, "public", "%", new String[] {"TABLE", "PARTITIONED TABLE", "VIEW", "FOREIGN TABLE", "MATERIALIZED VIEW"}), "TABLE_NAME", "TABLE_TYPE", "REMARKS")
                .stream().filter(r -> r.startsWith("bi_")).sorted().toList(),
                List.of("bi_Visit log|TABLE|null", "bi_active|VIEW|null", "bi_people|TABLE|null", "bi_plans|MATERIALIZED VIEW|null"));
            same(names(meta.getPrimaryKeys(null, "public", "bi_people"), "COLUMN_NAME"), List.of("id"));
            same(names(meta.getImportedKeys(null, "public", "bi_people"), "PKTABLE_NAME"), List.of());
            same(names(meta.getIndexInfo(null, "public", "bi_Visit log", false, true), "INDEX_NAME", "COLUMN_NAME").size(), 2);
        });
        check("sync: privileges", () -> {
            List<List<Object>> may = rows.get("what the user may do").stream().filter(r -> r.get(2).toString().startsWith("bi_")).toList();
            same(may.size(), 4);
            same(may.stream().allMatch(r -> Objects.equals(r.get(4), true)), true);
        });
        check("sync: fields", () -> {
            List<List<Object>> fields = rows.get("the columns").stream().filter(r -> r.get(4).equals("bi_people")).toList();
            same(fields.size(), 13);
            same(fields.get(0).subList(0, 6), List.of("id", "int4", 0, "public", "bi_people", true));
            same(fields.get(1).get(7), true);  // a name is required
            same(fields.get(3).get(7), false); // a plan has a default
            // Nothing is required of a view, which nobody writes to.
            same(rows.get("the columns").stream().filter(r -> r.get(4).equals("bi_active")).anyMatch(r -> r.get(7).equals(true)), false);
        });
        check("a question's rows", () -> {
            List<List<Object>> people = rows.get("a question: the rows of a table");
            same(people.get(0), List.of(1, "Ann", "ann@example.com", LocalDate.of(1990, 3, 4), OffsetDateTime.of(2024, 2, 29, 10, 0, 0, 0, ZoneOffset.UTC), LocalTime.of(6, 30, 15),
                new java.math.BigDecimal("10.25"), true, UUID.fromString("01234567-89ab-cdef-0123-456789abcdef")));
            same(people.get(2).get(1), "Cy \"the\" O'Hara");
            same(rows.get("a question: filters"), List.of(List.of(2L)));
        });
        check("the report's time zone", () -> {
            try (Statement s = db.createStatement()) {
                s.execute("SET SESSION TIMEZONE TO 'America/New_York';");
                try (ResultSet r = s.executeQuery("SELECT DATE_TRUNC('day', \"When\") FROM \"bi_Visit log\" WHERE id = 1")) {
                    r.next();
                    same(r.getObject(1, OffsetDateTime.class).toInstant(), Instant.parse("2023-12-31T05:00:00Z"));
                }
                s.execute("RESET TIMEZONE");
            }
        });
        check("a question that is given up", () -> {
            try (PreparedStatement s = db.prepareStatement("SELECT COUNT(*) FROM generate_series(1, 100000) a(x), generate_series(1, 100000) b(y)")) {
                s.setQueryTimeout(1);
                s.execute();
                throw new AssertionError("it was not given up");
            } catch (SQLException e) {
                same(e.getSQLState(), "57014");
            }
        });
        check("@cleanup", () -> all(told.get("@cleanup"), false));
        System.out.println(passed + " passed, " + failed + " failed, 0 skipped");
        System.exit(failed == 0 ? 0 : 1);
    }
}
