// numeric: an exact decimal of up to 35 digits in 16 bytes.
using System.Runtime.InteropServices;

namespace Millrace.Core;

/// <summary>
/// An exact decimal number: a 120-bit signed integer divided by 10^scale. Holds 35 digits (PostgreSQL's numeric is unbounded: beyond
/// 35 digits the digits after the point are rounded away as needed, and an operation fails with SQLSTATE 22003 when those before it do not fit).
/// The scale is part of the value's text form (2.50 prints as 2.50) and not of its order or equality.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly partial struct Numeric
{
    // Layout: _hi bits 63..56 are the scale (255 is NaN), bits 55..0 the mantissa's upper bits in two's complement.
    private readonly ulong _lo;
    private readonly ulong _hi;

    private Numeric(ulong hi, ulong lo)
    {
        _hi = hi;
        _lo = lo;
    }

    /// <summary>The largest magnitude of the unscaled integer.</summary>
    public static readonly Int128 MaxUnscaled = ((Int128)1 << 119) - 1;

    /// <summary>Not a number.</summary>
    public static readonly Numeric NaN = new(255UL << 56, 0);

    /// <summary>Makes unscaled / 10^scale.</summary>
    /// <param name="unscaled">The digits as an integer.</param>
    /// <param name="scale">Digits after the point, 0 to 254.</param>
    /// <exception cref="SqlException">22003 when more than 119 bits are needed.</exception>
    public static Numeric Create(Int128 unscaled, int scale)
    {
        if (unscaled > MaxUnscaled || unscaled < -MaxUnscaled)
        {
            throw new SqlException("22003", "value overflows numeric format", hint: "Millrace's numeric holds up to 35 digits");
        }

        UInt128 bits = (UInt128)unscaled;
        return new Numeric(((ulong)(bits >> 64) & 0x00FF_FFFF_FFFF_FFFF) | ((ulong)scale << 56), (ulong)bits);
    }

    /// <summary>True for NaN.</summary>
    public bool IsNaN => _hi >> 56 == 255;

    /// <summary>Digits after the point.</summary>
    public int Scale => (int)(_hi >> 56);

    /// <summary>The value times 10^<see cref="Scale"/>.</summary>
    public Int128 Unscaled => (Int128)(((UInt128)(ulong)((long)(_hi << 8) >> 8) << 64) | _lo);
}
