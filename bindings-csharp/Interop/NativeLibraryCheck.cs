using System;
using System.Runtime.InteropServices;
using System.Text;

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>Sees, once, that the native library is there and of the ABI that this assembly was made for.</summary>
internal static unsafe class NativeLibraryCheck
{
    private static volatile bool s_isGood;

    internal static void Ensure()
    {
        if (!s_isGood)
        {
            Look();
        }
    }

    private static void Look()
    {
        uint has;
        string version;
        try
        {
            has = NativeMethods.k1s0_cb_abi_version();
            version = Text(NativeMethods.k1s0_cb_version());
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new CircuitBreakerLibraryException(
                $"the native library {NativeMethods.Library} cannot be loaded on {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}: " +
                $"{Package()} brings it for the platforms in its folder runtimes/; {error.Message}",
                error);
        }
        if (has != NativeMethods.AbiVersion)
        {
            throw new CircuitBreakerLibraryException(
                $"{Package()} needs version {NativeMethods.AbiVersion} of the native library's ABI, and the {NativeMethods.Library} that was loaded " +
                $"(version {version}) has {has}");
        }
        s_isGood = true;
    }

    private static string Package()
    {
        var name = typeof(NativeLibraryCheck).Assembly.GetName();
        return $"{name.Name} {name.Version?.ToString(3)}";
    }

    /// <summary>A static string of the library's.</summary>
    internal static string Text(byte* text)
    {
        int length = 0;
        while (text[length] != 0)
        {
            length++;
        }
        return Encoding.UTF8.GetString(text, length);
    }

    /// <summary>An answer that only a defect of ours explains.</summary>
    internal static void Check(int result)
    {
        if (result != NativeMethods.Ok)
        {
            Refuse(result);
        }
    }

    private static void Refuse(int result) =>
        throw new CircuitBreakerLibraryException($"the native library answered: {Text(NativeMethods.k1s0_cb_result_name(result))}");
}
