// The part of xunit's surface that the tests of bindings-csharp need, with a runner: where NuGet cannot be had, the tests are
// compiled with this file instead of the package. They do not know of it: with an SDK, `dotnet test` runs them on xunit itself.
//   tests.dll [words that a test's name must have one of]
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;

namespace Xunit
{
    [AttributeUsage(AttributeTargets.Method)]
    public class FactAttribute : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class TheoryAttribute : FactAttribute
    {
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class InlineDataAttribute : Attribute
    {
        public InlineDataAttribute(params object?[]? data) => Data = data ?? new object?[] { null };

        public object?[] Data { get; }
    }

    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class MemberDataAttribute : Attribute
    {
        public MemberDataAttribute(string name) => Name = name;

        public string Name { get; }
    }

    /// <summary>Classes of one collection do not run at the same time; here nothing does.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class CollectionAttribute : Attribute
    {
        public CollectionAttribute(string name) => Name = name;

        public string Name { get; }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class CollectionDefinitionAttribute : Attribute
    {
        public CollectionDefinitionAttribute(string name) => Name = name;

        public string Name { get; }

        public bool DisableParallelization { get; set; }
    }

    public interface IClassFixture<TFixture>
        where TFixture : class
    {
    }

    public class XunitException : Exception
    {
        public XunitException(string message)
            : base(message)
        {
        }
    }

    public static class Assert
    {
        public static void Fail(string message) => throw new XunitException(message);

        public static void True(bool condition, string? message = null)
        {
            if (!condition)
            {
                Fail(message ?? "expected true");
            }
        }

        public static void False(bool condition, string? message = null) => True(!condition, message ?? "expected false");

        public static void Equal<T>(T expected, T actual) => True(AreEqual(expected, actual), $"expected {Show(expected)}, got {Show(actual)}");

        public static void Equal<T>(IEnumerable<T> expected, IEnumerable<T> actual) => Equal((object)expected, actual);

        public static void NotEqual<T>(T expected, T actual) => False(AreEqual(expected, actual), $"expected anything but {Show(expected)}");

        public static void Same(object? expected, object? actual) => True(ReferenceEquals(expected, actual), "not the same object");

        public static void NotSame(object? expected, object? actual) => False(ReferenceEquals(expected, actual), "the same object");

        public static void Null(object? value) => True(value is null, $"expected null, got {Show(value)}");

        public static void NotNull(object? value) => True(value is not null, "expected not null");

        public static void InRange<T>(T value, T low, T high)
            where T : IComparable =>
            True(value.CompareTo(low) >= 0 && value.CompareTo(high) <= 0, $"{value} is not in [{low}, {high}]");

        public static void StartsWith(string part, string? all) => True(all?.StartsWith(part, StringComparison.Ordinal) == true, $"{Show(all)} does not begin with {Show(part)}");

        public static void Contains(string part, string? all) => True(all?.Contains(part) == true, $"{Show(part)} is not in {Show(all)}");

        public static void Contains<T>(T item, IEnumerable<T> all) => True(all.Contains(item), $"{Show(item)} is not in {Show(all)}");

        public static void DoesNotContain(string part, string? all) => False(all?.Contains(part) == true, $"{Show(part)} is in {Show(all)}");

        public static void DoesNotContain<T>(T item, IEnumerable<T> all) => False(all.Contains(item), $"{Show(item)} is in {Show(all)}");

        public static void Empty(IEnumerable all) => False(all.Cast<object?>().Any(), $"expected nothing, got {Show(all)}");

        public static void NotEmpty(IEnumerable all) => True(all.Cast<object?>().Any(), "expected something");

        public static T Single<T>(IEnumerable<T> all)
        {
            List<T> list = all.ToList();
            True(list.Count == 1, $"expected one item, got {Show(list)}");
            return list[0];
        }

        public static T IsType<T>(object? value)
        {
            True(value?.GetType() == typeof(T), $"expected {typeof(T)}, got {value?.GetType()}");
            return (T)value!;
        }

        public static T IsAssignableFrom<T>(object? value)
        {
            True(value is T, $"expected {typeof(T)}, got {value?.GetType()}");
            return (T)value!;
        }

        public static TError Throws<TError>(Action run)
            where TError : Exception =>
            Throws<TError>(() =>
            {
                run();
                return null;
            });

        public static TError Throws<TError>(Func<object?> run)
            where TError : Exception
        {
            Exception? thrown = null;
            try
            {
                run();
            }
            catch (Exception error)
            {
                thrown = error;
            }
            return Thrown<TError>(thrown, exact: true);
        }

        public static Task<TError> ThrowsAsync<TError>(Func<Task> run)
            where TError : Exception =>
            ThrowsAsync<TError>(run, exact: true);

        public static Task<TError> ThrowsAnyAsync<TError>(Func<Task> run)
            where TError : Exception =>
            ThrowsAsync<TError>(run, exact: false);

        private static async Task<TError> ThrowsAsync<TError>(Func<Task> run, bool exact)
            where TError : Exception
        {
            Exception? thrown = null;
            try
            {
                await run();
            }
            catch (Exception error)
            {
                thrown = error;
            }
            return Thrown<TError>(thrown, exact);
        }

        private static TError Thrown<TError>(Exception? thrown, bool exact)
            where TError : Exception
        {
            bool isRight = exact ? thrown?.GetType() == typeof(TError) : thrown is TError;
            True(isRight, thrown is null ? $"expected {typeof(TError)}, nothing was thrown" : $"expected {typeof(TError)}, got {thrown}");
            return (TError)thrown!;
        }

        private static string Show(object? value) => value switch
        {
            null => "null",
            string text => "\"" + text + "\"",
            IEnumerable all => "[" + string.Join(", ", all.Cast<object?>().Select(Show)) + "]",
            _ => value.ToString() ?? string.Empty,
        };

        private static bool AreEqual(object? a, object? b) =>
            a is IEnumerable x && b is IEnumerable y && a is not string && b is not string
                ? x.Cast<object?>().SequenceEqual(y.Cast<object?>())
                : Equals(a, b);
    }

    public static class Runner
    {
        /// <summary>A test that takes longer hangs, and is to be seen.</summary>
        private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

        private static int s_passed;
        private static int s_failed;

        public static async Task<int> Main(string[] words)
        {
            IEnumerable<Type> classes = Assembly.GetExecutingAssembly().GetTypes()
                .Where(it => it is { IsClass: true, IsAbstract: false, IsPublic: true })
                .OrderBy(it => it.FullName, StringComparer.Ordinal);
            foreach (Type type in classes)
            {
                await RunClass(type, words);
            }
            Console.WriteLine($"tests: {s_passed} passed, {s_failed} failed");
            return s_failed > 0 || s_passed == 0 ? 1 : 0;
        }

        private static async Task RunClass(Type type, string[] words)
        {
            var cases = (
                from method in type.GetMethods()
                where method.GetCustomAttribute<FactAttribute>() is not null
                orderby method.Name
                from row in Rows(type, method)
                let name = $"{type.Name}.{method.Name}({string.Join(", ", row.Select(it => it ?? "null"))})"
                where words.Length == 0 || words.Any(word => name.Contains(word))
                select (method, row, name)).ToList();
            if (cases.Count == 0)
            {
                return;
            }
            object[] fixtures = type.GetInterfaces()
                .Where(it => it.IsGenericType && it.GetGenericTypeDefinition() == typeof(IClassFixture<>))
                .Select(it => Activator.CreateInstance(it.GetGenericArguments()[0])!)
                .ToArray();
            foreach (var (method, row, name) in cases)
            {
                await Try(name, async () =>
                {
                    Task run = Task.Run(() => RunCase(type, fixtures, method, row));
                    if (await Task.WhenAny(run, Task.Delay(s_longest)) != run)
                    {
                        throw new TimeoutException($"over {s_longest}");
                    }
                    await run;
                    s_passed++;
                });
            }
            foreach (IDisposable fixture in fixtures.OfType<IDisposable>())
            {
                await Try($"{type.Name}: {fixture.GetType().Name}.Dispose", () =>
                {
                    fixture.Dispose();
                    return Task.CompletedTask;
                });
            }
        }

        private static async Task Try(string name, Func<Task> run)
        {
            try
            {
                await run();
            }
            catch (Exception error)
            {
                s_failed++;
                Exception cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
                Console.WriteLine($"FAIL {name}\n  {cause.GetType().Name}: {cause.Message}\n{cause.StackTrace}");
            }
        }

        private static IEnumerable<object?[]> Rows(Type type, MethodInfo method)
        {
            if (method.GetParameters().Length == 0)
            {
                return new[] { Array.Empty<object?>() };
            }
            return method.GetCustomAttributes<InlineDataAttribute>().Select(it => it.Data)
                .Concat(method.GetCustomAttributes<MemberDataAttribute>().SelectMany(it => (IEnumerable<object?[]>)type.GetProperty(it.Name)!.GetValue(null)!));
        }

        private static async Task RunCase(Type type, object[] fixtures, MethodInfo method, object?[] row)
        {
            object? test = method.IsStatic ? null : Activator.CreateInstance(type, fixtures);
            try
            {
                switch (method.Invoke(test, row))
                {
                    case Task task:
                        await task;
                        break;
                    case ValueTask task:
                        await task;
                        break;
                }
            }
            finally
            {
                (test as IDisposable)?.Dispose();
            }
        }
    }
}
