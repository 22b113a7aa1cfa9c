// A certificate of the test's own, as PEM files.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Millrace.Tests.Access;

internal static class Certificates
{
    /// <summary>Makes a certificate for 127.0.0.1 and localhost that signs itself.</summary>
    public static (string Certificate, string Key) Make(TempFolder folder)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(folder.In("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.In("key.pem"), key.ExportPkcs8PrivateKeyPem());
        return (folder.In("cert.pem"), folder.In("key.pem"));
    }
}
