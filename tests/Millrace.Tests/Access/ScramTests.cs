// SCRAM-SHA-256 against RFC 7677's example, against replay and nonsense, and with passwords that have to be prepared.
using System.Security.Cryptography;
using System.Text;
using Millrace.Access;
using Millrace.Core;
using Millrace.Doors.Postgres;
using Xunit;

namespace Millrace.Tests.Access;

public sealed class ScramTests
{
    private const string ClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    private const string ServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private const string ClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private static readonly ScramVerifier Pencil = ScramVerifier.Create("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="));

    [Fact]
    public void TheExampleOfTheStandardIsFollowedToTheByte()
    {
        var exchange = new ScramExchange(Pencil, ServerNonce);
        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", First(exchange, ClientFirst));
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Final(exchange, ClientFinal));
    }

    [Fact]
    public void AVerifierIsWrittenAsPostgresWritesItAndReadBack()
    {
        string text = Pencil.ToString();
        Assert.StartsWith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$", text, StringComparison.Ordinal);
        Assert.Equal(text, ScramVerifier.Parse(text)!.ToString());
        Assert.True(ScramVerifier.Parse(text)!.Fits("pencil"));
        Assert.False(ScramVerifier.Parse(text)!.Fits("Pencil"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("pencil")]
    [InlineData("SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA")]
    [InlineData("SCRAM-SHA-256$4096:!$x:y")]
    [InlineData("SCRAM-SHA-256$99999999:W22Z$AAAA:AAAA")]
    [InlineData("md5abcdefabcdefabcdefabcdefabcdefab")]
    public void WhatIsNoVerifierIsNone(string text) => Assert.Null(ScramVerifier.Parse(text));

    [Fact]
    public void AProofOfAnotherLogInDoesNotFit()
    {
        var exchange = new ScramExchange(Pencil, "another-nonce-of-the-server");
        First(exchange, ClientFirst);
        Assert.Throws<ProtocolException>(() => Final(exchange, ClientFinal));
        string own = ClientFinal.Replace(ServerNonce, "another-nonce-of-the-server", StringComparison.Ordinal);
        Assert.Null(Final(exchange, own));
    }

    [Fact]
    public void SomebodyUnknownLooksTheSameEachTimeAndGetsTheSameAnswers()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        ScramVerifier nobody = ScramVerifier.OfNobody("user", secret);
        Assert.Equal(nobody.ToString(), ScramVerifier.OfNobody("user", secret).ToString());
        Assert.NotEqual(nobody.ToString(), ScramVerifier.OfNobody("user2", secret).ToString());
        Assert.Equal((Pencil.Iterations, Pencil.Salt.Length), (nobody.Iterations, nobody.Salt.Length));
        var exchange = new ScramExchange(nobody, ServerNonce);
        Assert.Matches("^r=rOprNGfwEbeRWgbNEkqO.*,s=[A-Za-z0-9+/]{22}==,i=4096$", First(exchange, ClientFirst));
        Assert.Null(Final(exchange, ClientFinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("n,,")]
    [InlineData("n,,n=user")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=user,r=a b")]
    [InlineData("n,a=other,n=user,r=abc")]
    [InlineData("p=tls-server-end-point,,n=user,r=abc")]
    [InlineData("x,,n=user,r=abc")]
    [InlineData("n,,m=ext,n=user,r=abc")]
    [InlineData(",,n=user,r=abc")]
    public void AMalformedFirstMessageIsRefused(string message) => Assert.Throws<ProtocolException>(() => First(new ScramExchange(Pencil, ServerNonce), message));

    [Theory]
    [InlineData("")]
    [InlineData("c=biws")]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=AAAA")]
    [InlineData("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=!!!!")]
    [InlineData("c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    [InlineData("c=biws,r=short,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    public void AMalformedFinalMessageIsRefused(string message)
    {
        var exchange = new ScramExchange(Pencil, ServerNonce);
        First(exchange, ClientFirst);
        Assert.Throws<ProtocolException>(() => Final(exchange, message));
    }

    [Fact]
    public void BytesThatMeanNothingAreRefusedAndNothingElseHappens()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int i = 0; i < 3_000; i++)
        {
            byte[] first = Broken(random, ClientFirst);
            byte[] final = Broken(random, ClientFinal);
            var exchange = new ScramExchange(Pencil, ServerNonce);
            try
            {
                exchange.First(random.Next(2) == 0 ? first : Encoding.UTF8.GetBytes(ClientFirst));
                bool whole = final.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(ClientFinal));
                Assert.True(exchange.Final(final) is null || whole, $"seed {seed}");
            }
            catch (ProtocolException)
            {
                // As it should be.
            }
        }
    }

    [Theory]
    [InlineData("pass word", "pass\u00A0word")]
    [InlineData("IX", "I\u00ADX")]
    [InlineData("a b", "a\u3000b")]
    [InlineData("gr\u00FC\u00DFe \u0434\u0430 \u4F60\u597D \U0001F512", "gr\u00FC\u00DFe \u0434\u0430 \u4F60\u597D \U0001F512")]
    public void PasswordsAreTheSameHoweverTheirSpacesAreTyped(string one, string other) => Assert.True(ScramVerifier.Create(one, new byte[16]).Fits(other));

    [Theory]
    [InlineData("\u2168")]
    [InlineData("e\u0301")]
    [InlineData("\uFF21")]
    [InlineData("\uD800")]
    [InlineData("\u00B5\u00B2")]
    [InlineData("\u200B\u0007\u00E9\uE000")]
    public void APasswordThatClientsWouldChangeIsRefusedWhenItIsSet(string password)
    {
        SqlException e = Assert.Throws<SqlException>(() => ScramVerifier.Create(password, new byte[16]));
        Assert.Equal("22023", e.SqlState);
        Assert.DoesNotContain(password, e.Message + e.Hint, StringComparison.Ordinal);
        Assert.False(ScramVerifier.Create("x", new byte[16]).Fits(password));
    }

    private static byte[] Broken(Random random, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        switch (random.Next(3))
        {
            case 0: return bytes[..random.Next(bytes.Length)];
            case 1:
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            default:
                int at = random.Next(bytes.Length);
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
        }
    }

    private static string First(ScramExchange exchange, string message) => Encoding.ASCII.GetString(exchange.First(Encoding.UTF8.GetBytes(message)));

    private static string? Final(ScramExchange exchange, string message) => exchange.Final(Encoding.UTF8.GetBytes(message)) is { } answer ? Encoding.ASCII.GetString(answer) : null;
}
