// What a client can say, parsed: one record a message, one pure function each.
namespace Millrace.Doors.Postgres;

/// <summary>Parse: text to a named statement.</summary>
/// <param name="Name">The statement; empty for the unnamed one.</param>
/// <param name="Query">Its text.</param>
/// <param name="ParameterOids">Declared types; 0 is "infer".</param>
internal sealed record ParseMessage(string Name, string Query, int[] ParameterOids)
{
    /// <summary>Reads the body of a 'P' message.</summary>
    public static ParseMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        string name = reader.String();
        string query = reader.String();
        int count = reader.UInt16();
        reader.CheckRoom(count, 4);
        int[] oids = new int[count];
        for (int i = 0; i < count; i++)
        {
            oids[i] = reader.Int32();
        }

        reader.End();
        return new ParseMessage(name, query, oids);
    }
}

/// <summary>Bind: a statement and parameter values to a named portal.</summary>
/// <param name="Portal">The portal; empty for the unnamed one.</param>
/// <param name="Statement">The statement.</param>
/// <param name="ParameterFormats">0 text, 1 binary: none, one for all, or one each.</param>
/// <param name="Parameters">The values; null is NULL.</param>
/// <param name="ResultFormats">As <paramref name="ParameterFormats"/>, for the columns.</param>
internal sealed record BindMessage(string Portal, string Statement, short[] ParameterFormats, byte[]?[] Parameters, short[] ResultFormats)
{
    /// <summary>Reads the body of a 'B' message.</summary>
    public static BindMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        string portal = reader.String();
        string statement = reader.String();
        short[] formats = ReadFormats(ref reader);
        int count = reader.UInt16();
        reader.CheckRoom(count, 4);
        if (formats.Length > 1 && formats.Length != count)
        {
            throw new ProtocolException($"bind message has {formats.Length} parameter formats but {count} parameters");
        }

        var values = new byte[]?[count];
        for (int i = 0; i < count; i++)
        {
            int length = reader.Int32();
            values[i] = length == -1 ? null : reader.Bytes(length).ToArray();
        }

        short[] results = ReadFormats(ref reader);
        reader.End();
        return new BindMessage(portal, statement, formats, values, results);
    }

    /// <summary>The format code for item <paramref name="index"/> of a list of codes.</summary>
    public static short FormatOf(short[] formats, int index) => formats.Length switch
    {
        0 => 0,
        1 => formats[0],
        _ => formats[index],
    };

    private static short[] ReadFormats(ref BodyReader reader)
    {
        int count = reader.UInt16();
        reader.CheckRoom(count, 2);
        short[] formats = new short[count];
        for (int i = 0; i < count; i++)
        {
            formats[i] = reader.Int16();
            if (formats[i] is not (0 or 1))
            {
                throw new ProtocolException($"unsupported format code: {formats[i]}");
            }
        }

        return formats;
    }
}

/// <summary>Describe and Close: a statement ('S') or a portal ('P') by name.</summary>
/// <param name="Kind">'S' or 'P'.</param>
/// <param name="Name">Its name.</param>
internal sealed record TargetMessage(byte Kind, string Name)
{
    /// <summary>Reads the body of a 'D' or 'C' message.</summary>
    public static TargetMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        byte kind = reader.Byte();
        string name = reader.String();
        reader.End();
        return kind is (byte)'S' or (byte)'P' ? new TargetMessage(kind, name) : throw new ProtocolException($"invalid message subtype {kind}");
    }
}

/// <summary>Execute: run a portal, or go on with it.</summary>
/// <param name="Portal">Its name.</param>
/// <param name="RowsMax">Rows to return before suspending; 0 or less for all.</param>
internal sealed record ExecuteMessage(string Portal, int RowsMax)
{
    /// <summary>Reads the body of an 'E' message.</summary>
    public static ExecuteMessage Read(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        string portal = reader.String();
        int rows = reader.Int32();
        reader.End();
        return new ExecuteMessage(portal, rows);
    }
}

/// <summary>What a start-up packet asks for.</summary>
internal enum StartupKind
{
    /// <summary>A session.</summary>
    Session,
    /// <summary>Encryption by TLS: answered with 'S' where there is a certificate, else with 'N'.</summary>
    Tls,
    /// <summary>Encryption by GSSAPI: answered with 'N'.</summary>
    Gss,
    /// <summary>The end of another connection's statement.</summary>
    Cancel,
}

/// <summary>A start-up packet.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Minor">Minor version asked for.</param>
/// <param name="Parameters">user, database, and settings.</param>
/// <param name="ProcessId">Cancel: whose statement.</param>
/// <param name="Key">Cancel: the proof.</param>
internal sealed record StartupMessage(StartupKind Kind, int Minor, IReadOnlyDictionary<string, string> Parameters, int ProcessId = 0, int Key = 0)
{
    private const int CancelCode = 80877102;
    private const int SslCode = 80877103;
    private const int GssCode = 80877104;

    /// <summary>Reads a packet without its length.</summary>
    public static StartupMessage Read(ReadOnlySpan<byte> body)
    {
        var none = new Dictionary<string, string>();
        var reader = new BodyReader(body);
        int code = reader.Int32();
        switch (code)
        {
            case SslCode or GssCode:
                reader.End();
                return new StartupMessage(code == SslCode ? StartupKind.Tls : StartupKind.Gss, 0, none);
            case CancelCode:
                int process = reader.Int32();
                int key = reader.Int32();
                reader.End();
                return new StartupMessage(StartupKind.Cancel, 0, none, process, key);
        }

        int major = code >>> 16;
        if (major != 3)
        {
            throw new ProtocolException($"unsupported frontend protocol {major}.{code & 0xFFFF}: server supports 3.0", "0A000");
        }

        var parameters = new Dictionary<string, string>();
        while (reader.Remaining > 1)
        {
            string name = reader.String();
            parameters[name] = reader.String();
        }

        if (reader.Remaining != 1 || reader.Byte() != 0)
        {
            throw new ProtocolException("invalid startup packet layout: expected terminator as last byte");
        }

        return new StartupMessage(StartupKind.Session, code & 0xFFFF, parameters);
    }
}
