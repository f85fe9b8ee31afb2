#if !NET5_0_OR_GREATER
namespace System.Runtime.CompilerServices
{
    /// <summary>The compiler wants it for init properties and records, and netstandard2.1 has none.</summary>
    internal static class IsExternalInit
    {
    }
}
#endif
