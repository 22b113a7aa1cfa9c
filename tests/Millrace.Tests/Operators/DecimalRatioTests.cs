// The digits of quotients against values that PostgreSQL 15 printed, and the short way against the long one.
using Millrace.Core;
using Millrace.Engine;
using Xunit;

namespace Millrace.Tests.Operators;

public sealed class DecimalRatioTests
{
    [Theory]
    [InlineData(3, 0, 2, "1.5000000000000000")]
    [InlineData(2, 0, 3, "0.66666666666666666667")]
    [InlineData(1, 0, 3, "0.33333333333333333333")]
    [InlineData(10, 0, 4, "2.5000000000000000")]
    [InlineData(0, 0, 3, "0.00000000000000000000")]
    [InlineData(-7, 0, 3, "-2.3333333333333333")]
    [InlineData(100000, 0, 3, "33333.333333333333")]
    [InlineData(123456789, 0, 7, "17636684.142857142857")]
    [InlineData(500, 2, 2, "2.5000000000000000")]
    [InlineData(1, 2, 3, "0.00333333333333333333")]
    public void DigitsAreThoseOfPostgres(long sum, int scale, long count, string expected) =>
        Assert.Equal(expected, DecimalRatio.Divide(sum, scale, count).ToString());

    [Fact]
    public void TheShortWayGivesWhatTheLongOneGives()
    {
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            long sum = random.NextInt64() >> random.Next(63);
            sum = random.Next(2) == 0 ? -sum : sum;
            long count = 1 + (random.NextInt64() >> random.Next(20, 63));
            int scale = random.Next(12);
            (System.Numerics.BigInteger unscaled, int digits) = DecimalRatio.Quotient(sum, scale, count);
            Numeric expected = DecimalRatio.Fit(unscaled, digits);
            Numeric found = DecimalRatio.Divide(sum, scale, count);
            Assert.True(expected.Unscaled == found.Unscaled && expected.Scale == found.Scale, $"{sum}e-{scale} / {count}");
        }
    }
}
