// Hashes, encodings, uuids, and what clients ask about their session.
using System.Security.Cryptography;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Hashes, encodings, uuids, null counting, session information.</summary>
internal static class MiscFunctions
{
    public static void Register(FunctionRegistry r)
    {
        r.Group("Hashes and encodings");
        r.F("md5(text) text", (ByteSlice s, EvalContext c) => Hex(MD5.HashData(s.Span), c), "MD5 in hexadecimal",
            "md5('abc') → 900150983cd24fb0d6963f7d28e17f72");
        r.F("md5(bytea) text", (ByteSlice s, EvalContext c) => Hex(MD5.HashData(s.Span), c), "MD5 in hexadecimal");
        r.F("sha256(bytea) bytea", (ByteSlice s, EvalContext c) => c.Scratch.Copy(SHA256.HashData(s.Span)),
            "SHA-256", "sha256('abc'::bytea) → \\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        r.F("sha384(bytea) bytea", (ByteSlice s, EvalContext c) => c.Scratch.Copy(SHA384.HashData(s.Span)), "SHA-384", "length(sha384('abc'::bytea)) → 48");
        r.F("sha512(bytea) bytea", (ByteSlice s, EvalContext c) => c.Scratch.Copy(SHA512.HashData(s.Span)), "SHA-512", "length(sha512('abc'::bytea)) → 64");
        r.F("encode(bytea, text) text", Encode, "Bytes as hex, base64 or escape", "encode('\\x0102'::bytea, 'hex') → 0102");
        r.F("decode(text, text) bytea", Decode, "Bytes from hex, base64 or escape", "decode('0102', 'hex') → \\x0102");
        r.F("convert_from(bytea, text) text", (ByteSlice b, ByteSlice e) => Utf8(b, e), "Bytes in an encoding as text",
            "convert_from('\\x61'::bytea, 'UTF8') → a");
        r.F("convert_to(text, text) bytea", (ByteSlice s, ByteSlice e) => Utf8(s, e), "Text in an encoding as bytes",
            "convert_to('a', 'UTF8') → \\x61");
        r.F("get_byte(bytea, int4) int4",
            (ByteSlice b, int i) => (uint)i < (uint)b.Length ? (int)b.Span[i] : throw new SqlException("2202E", $"index {i} out of valid range, 0..{b.Length - 1}"),
            "One byte", "get_byte('\\x0102'::bytea, 1) → 2");
        r.F("gen_random_uuid() uuid", RandomUuid, "A random uuid (version 4)", "gen_random_uuid() <> gen_random_uuid() → true", Volatility.Volatile);
        r.Group("Conditional");
        r.F("num_nulls(any...) int4",
            new VariadicBody(VariadicForm.Text, (Func<ByteSlice?[], EvalContext, int>)((a, _) => a.Count(v => v is null))),
            "How many arguments are null", "num_nulls(1, NULL) → 1");
        r.F("num_nonnulls(any...) int4",
            new VariadicBody(VariadicForm.Text, (Func<ByteSlice?[], EvalContext, int>)((a, _) => a.Count(v => v is not null))),
            "How many arguments are not null", "num_nonnulls(1, NULL) → 1");
        r.Group("Session");
        foreach (string name in new[] { "current_user", "session_user", "user", "current_role", "current_catalog", "current_database" })
        {
            r.F($"{name}() text", (EvalContext c) => c.Scratch.Copy(name is "current_catalog" or "current_database" ? "millrace" : c.User),
                "Who and where one is", $"{(name == "current_database" ? name + "()" : name)} → millrace", Volatility.Stable);
        }

        r.F("current_schema() text", (EvalContext c) => c.System is null ? c.Scratch.Copy("public") : c.System.Catalog.Path is [var first, ..] ? c.Scratch.Copy(first) : (ByteSlice?)null,
            "The schema that new objects are made in",
            "current_schema() → public", Volatility.Stable);
        r.F("version() text", (EvalContext c) => c.Scratch.Copy("PostgreSQL 15.0 (Millrace 0.1.0)"), "The server's version", "version() LIKE 'PostgreSQL 15%' → true",
            Volatility.Stable);
        r.F("pg_backend_pid() int4", (EvalContext c) => c.System?.Session?.BackendId ?? 1, "Number of the connection's process", "pg_backend_pid() > 0 → true", Volatility.Stable);
        r.F("pg_is_in_recovery() bool", () => false, "Never true here", "pg_is_in_recovery() → false", Volatility.Stable);
    }

    private static ByteSlice Hex(byte[] bytes, EvalContext context) => context.Scratch.Copy(Convert.ToHexStringLower(bytes));

    private static ByteSlice Encode(ByteSlice bytes, ByteSlice format, EvalContext context)
    {
        switch (format.ToString().ToLowerInvariant())
        {
            case "hex":
                return context.Scratch.Copy(Convert.ToHexStringLower(bytes.Span));
            case "base64":
                // Lines of 76 characters, as PostgreSQL breaks them.
                string text = Convert.ToBase64String(bytes.Span);
                return context.Scratch.Copy(string.Join('\n', text.Chunk(76).Select(c => new string(c))));
            case "escape":
                ByteWriter writer = context.Scratch.Begin();
                foreach (byte b in bytes.Span)
                {
                    if (b == '\\')
                    {
                        writer.Write("\\\\"u8);
                    }
                    else if (b is 0 or >= 0x80)
                    {
                        writer.WriteByte((byte)'\\');
                        writer.WriteByte((byte)('0' + (b >> 6)));
                        writer.WriteByte((byte)('0' + ((b >> 3) & 7)));
                        writer.WriteByte((byte)('0' + (b & 7)));
                    }
                    else
                    {
                        writer.WriteByte(b);
                    }
                }

                return context.Scratch.End();
            default:
                throw new SqlException("22023", $"unrecognized encoding: \"{format}\"", hint: "hex, base64 or escape");
        }
    }

    private static ByteSlice Decode(ByteSlice text, ByteSlice format, EvalContext context)
    {
        switch (format.ToString().ToLowerInvariant())
        {
            case "hex":
                ByteSlice hex = context.Scratch.Take(text.Length);
                byte[] prefixed = [.. "\\x"u8, .. text.Span];
                return hex.Part(0, BytesText.ParseBytea(prefixed, hex.Room()));
            case "base64":
                try
                {
                    return context.Scratch.Copy(Convert.FromBase64String(text.ToString()));
                }
                catch (FormatException)
                {
                    throw new SqlException("22023", "invalid base64 end sequence", hint: "Input data is missing padding, is truncated, or is otherwise corrupted.");
                }

            case "escape":
                ByteSlice room = context.Scratch.Take(text.Length);
                return room.Part(0, BytesText.ParseBytea(text.Span, room.Room()));
            default:
                throw new SqlException("22023", $"unrecognized encoding: \"{format}\"", hint: "hex, base64 or escape");
        }
    }

    private static ByteSlice Utf8(ByteSlice bytes, ByteSlice encoding)
    {
        if (encoding.ToString().ToUpperInvariant() is not ("UTF8" or "UTF-8"))
        {
            throw new SqlException("0A000", $"encoding \"{encoding}\" is not supported", hint: "UTF8 is");
        }

        return System.Text.Unicode.Utf8.IsValid(bytes.Span) ? bytes : throw new SqlException("22021", "invalid byte sequence for encoding \"UTF8\"");
    }

    private static Uuid RandomUuid(EvalContext context)
    {
        Span<byte> bytes = stackalloc byte[16];
        context.Random.NextBytes(bytes);
        ulong hi = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        ulong lo = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        return new Uuid((hi & ~0xF000UL) | 0x4000UL, (lo & 0x3FFF_FFFF_FFFF_FFFFUL) | 0x8000_0000_0000_0000UL);
    }
}
