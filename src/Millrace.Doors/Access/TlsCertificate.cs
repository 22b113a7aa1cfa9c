// A certificate with its key and the chain that leads to whom clients trust.
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Doors;

/// <summary>What TLS needs of a server.</summary>
public sealed class TlsCertificate
{
    private TlsCertificate(X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        Certificate = certificate;
        Chain = chain;
        Context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    /// <summary>The server's own certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The certificates between it and a root.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>Both, ready for a handshake.</summary>
    internal SslStreamCertificateContext Context { get; }

    /// <summary>Reads PEM files: the certificate first and those between behind it, and the key.</summary>
    /// <exception cref="DoorException">They cannot be read or do not belong together; the message names the file.</exception>
    public static TlsCertificate Load(string certificateFile, string keyFile)
    {
        try
        {
            // The key's bytes are held in memory alone; some platforms want them through this form.
            using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            if (chain.Count > 0)
            {
                chain.RemoveAt(0);
            }

            return new TlsCertificate(certificate, chain);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new DoorException($"{certificateFile} and {keyFile} are not a certificate and its key in PEM form: {e.Message.TrimEnd('.')}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DoorException($"the certificate cannot be read: {e.Message.TrimEnd('.')}", e);
        }
    }
}
