// What programs that use the packages can see of them: a change of it is seen in a file, and meant. Plans and syntax trees (Millrace.Sql) are nobody's to rely on.
using System.Reflection;
using System.Text;
using Millrace.Tests.Binding;
using Xunit;

namespace Millrace.Tests.Library;

/// <summary>Public types and members as text, compared with <c>tests/golden/api</c>; MILLRACE_GOLDEN=1 (<c>./dev accept</c>) writes what there is now.</summary>
public sealed class PublicApiGoldenTests
{
    // What the compiler writes for every record says nothing.
    private static readonly string[] OfRecords = ["Equals", "GetHashCode", "ToString", "op_Equality", "op_Inequality", "Deconstruct", "PrintMembers"];

    private static readonly Dictionary<Type, string> Words = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    [Theory]
    [InlineData("Millrace")]
    [InlineData("Millrace.Core")]
    [InlineData("Millrace.Doors")]
    public void GoldenApiIsWhatTheAssemblyShows(string assembly)
    {
        string path = Path.Combine(GoldenPlanTests.Root(), "tests", "golden", "api", assembly + ".txt");
        string now = Text(Assembly.Load(assembly));
        if (Environment.GetEnvironmentVariable("MILLRACE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, now);
            return;
        }

        string[] before = File.ReadAllLines(path);
        string[] after = now.TrimEnd('\n').Split('\n');
        string[] differences = [.. before.Except(after).Select(l => "- " + l), .. after.Except(before).Select(l => "+ " + l)];
        Assert.True(differences.Length == 0, $"{assembly} shows something else than before; if that is meant, ./dev accept, and CHANGELOG.md says so:\n{string.Join('\n', differences)}");
    }

    private static string Text(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            string name = Name(type);
            text.Append(KindOf(type)).Append(' ').Append(type.Namespace).Append('.').Append(name).Append(Bases(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append(type.Namespace).Append('.').Append(name).Append(": ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string KindOf(Type type) => typeof(Delegate).IsAssignableFrom(type) ? "delegate" : type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
        : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";

    private static string Bases(Type type)
    {
        if (type.IsEnum)
        {
            return " : " + Name(Enum.GetUnderlyingType(type));
        }

        IEnumerable<Type> bases = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [b] : [];
        string[] all = [.. bases.Concat(type.GetInterfaces().Where(i => i.IsVisible).OrderBy(i => i.FullName, StringComparer.Ordinal)).Select(Name)];
        return all.Length == 0 ? "" : " : " + string.Join(", ", all);
    }

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        bool isRecord = type.GetMethod("PrintMembers", Own) is not null;
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => $"{f.Name} = {Convert.ToInt64(f.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}");
        }

        return type.GetFields(Own).Where(f => f.IsPublic).Select(f => $"{(f.IsStatic ? "static " : "")}{(f.IsInitOnly ? "readonly " : "")}{Name(f.FieldType)} {f.Name}")
            .Concat(type.GetConstructors(Own).Where(c => !c.IsStatic && IsSeen(c)).Select(c => $"new({Parameters(c)})"))
            .Concat(type.GetProperties(Own).Where(p => p.GetAccessors(true).Any(IsSeen)).Select(Property))
            .Concat(type.GetEvents(Own).Where(e => e.AddMethod is { } add && IsSeen(add)).Select(e => $"event {Name(e.EventHandlerType!)} {e.Name}"))
            .Concat(type.GetMethods(Own)
                .Where(m => IsSeen(m) && !(isRecord && OfRecords.Contains(m.Name)) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal))
                    && !m.Name.Contains('<', StringComparison.Ordinal))
                .Select(Method));
    }

    private static string Property(PropertyInfo p)
    {
        string[] accessors = [.. p.GetAccessors(true).Where(IsSeen).Select(a => a == p.GetMethod ? "get"
            : a.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit") ? "init" : "set")];
        string index = p.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(i => Name(i.ParameterType)))}]" : "";
        return $"{(p.GetAccessors(true)[0].IsStatic ? "static " : "")}{Name(p.PropertyType)} {p.Name}{index} {{ {string.Join("; ", accessors)}; }}";
    }

    private static string Method(MethodInfo m)
    {
        string kind = m.IsStatic ? "static " : m.IsAbstract ? "abstract " : m.IsVirtual && !m.IsFinal ? m.GetBaseDefinition() == m ? "virtual " : "override " : "";
        string generic = m.IsGenericMethodDefinition ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";
        return $"{kind}{Name(m.ReturnType)} {m.Name}{generic}({Parameters(m)})";
    }

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(p =>
        (p.IsOut ? "out " : p.ParameterType.IsByRef ? p.IsIn ? "in " : "ref " : "") + Name(p.ParameterType) + " " + p.Name + (p.HasDefaultValue ? " = " + (p.DefaultValue ?? "null") : "")));

    private static bool IsSeen(MethodBase m) => m.IsPublic || ((m.IsFamily || m.IsFamilyOrAssembly) && !m.DeclaringType!.IsSealed);

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        if (Words.TryGetValue(type, out string? word))
        {
            return word;
        }

        string name = type.IsNested && !type.IsGenericParameter ? Name(type.DeclaringType!) + "." + type.Name : type.Name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return !type.IsGenericType ? name : $"{(tick < 0 ? name : name[..tick])}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
