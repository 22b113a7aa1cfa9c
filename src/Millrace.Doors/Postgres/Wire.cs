// The bytes of one connection, plain at first and perhaps encrypted later.
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;

namespace Millrace.Doors.Postgres;

/// <summary>TLS did not come about. The client has been told in TLS, if at all.</summary>
internal sealed class HandshakeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Input and output of a connection; both change when TLS begins.</summary>
internal sealed class Wire(ConnectionContext connection, PostgresDoorOptions options) : IAsyncDisposable
{
    // What TLS puts into one record at most.
    private const int RecordBytes = 16 << 10;

    // As registered for ALPN, and asked for by clients since PostgreSQL 17.
    private static readonly SslApplicationProtocol Protocol = new("postgresql");

    private SslStream? _tls;

    public MessageInput Input { get; private set; } = new(connection.Transport.Input, options.MessageBytesMax);

    public MessageOutput Output { get; private set; } = new(connection.Transport.Output, options.WriteTimeout, options.Time);

    /// <summary>True once the connection is encrypted.</summary>
    public bool IsEncrypted => _tls is not null;

    /// <summary>The encryption, or null.</summary>
    public SslStream? Tls => _tls;

    /// <summary>Begins TLS.</summary>
    /// <param name="certificate">The server's.</param>
    /// <param name="direct">True when the client has begun it without asking: it must then have named the protocol that it means.</param>
    /// <param name="cancellation">The deadline.</param>
    /// <exception cref="ProtocolException">Bytes came before the handshake: somebody in between put them there, or the client does not speak the protocol.</exception>
    public async Task EncryptAsync(TlsCertificate certificate, bool direct, CancellationToken cancellation)
    {
        if (!direct && Input.HasMore())
        {
            throw new ProtocolException("received unencrypted data after SSL request");
        }

        _tls = new SslStream(new DuplexStream(connection.Transport.Input.AsStream(leaveOpen: true), connection.Transport.Output.AsStream(leaveOpen: true)));
        try
        {
            await _tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Context, ApplicationProtocols = [Protocol] }, cancellation).ConfigureAwait(false);
        }
        catch (AuthenticationException e)
        {
            throw new HandshakeException("the TLS handshake failed", e);
        }

        if (direct && _tls.NegotiatedApplicationProtocol != Protocol)
        {
            throw new HandshakeException("it began with TLS and did not say that it speaks PostgreSQL's protocol");
        }

        Input = new MessageInput(PipeReader.Create(_tls, new StreamPipeReaderOptions(bufferSize: RecordBytes, leaveOpen: true)), options.MessageBytesMax);
        Output = new MessageOutput(PipeWriter.Create(_tls, new StreamPipeWriterOptions(minimumBufferSize: RecordBytes, leaveOpen: true)), options.WriteTimeout, options.Time);
    }

    public async ValueTask DisposeAsync()
    {
        if (_tls is not null)
        {
            await _tls.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Two one-way streams as one.</summary>
    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => input.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => output.WriteAsync(buffer, offset, count, cancellationToken);

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
