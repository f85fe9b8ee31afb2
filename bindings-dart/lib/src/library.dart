/// Where the native library is, and whether it is the right one.
library;

import 'dart:convert';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'native.dart' as native;

/// The environment variable that names the library, where no build hook has put it into the application.
const environmentVariable = 'K1S0_CB_LIBRARY';

/// Loads the library, once in each isolate; everything that calls into it comes by here first.
final void loaded = _load();

void _load() {
  final tried = <String>[];
  var version = _version();
  if (version == null) {
    for (final path in _candidates()) {
      tried.add(path);
      if (_open(path)) {
        version = _version();
        break;
      }
    }
  }
  if (version == null) {
    final where = tried.isEmpty ? 'nowhere' : tried.join(', ');
    throw UnsupportedError(
      'the native library of k1s0_circuit_breaker is not there: no code asset of the build hook, '
      '$environmentVariable is not set or names no library, and none is beside the program (looked: $where)',
    );
  }
  checkVersion(version);
}

/// Refuses a library of another ABI.
void checkVersion(int version) {
  if (version != native.abiVersion) {
    throw UnsupportedError(
      'the native library has version $version of the ABI, and this package needs version ${native.abiVersion}',
    );
  }
}

int? _version() {
  try {
    return native.libraryAbiVersion();
  } on ArgumentError {
    // No code asset, and no such symbol in the process.
    return null;
  }
}

Iterable<String> _candidates() sync* {
  final named = Platform.environment[environmentVariable];
  if (named != null && named.isNotEmpty) {
    yield named;
    return;
  }
  final name = switch (Platform.operatingSystem) {
    'windows' => 'k1s0_circuit_breaker.dll',
    'macos' || 'ios' => 'libk1s0_circuit_breaker.dylib',
    _ => 'libk1s0_circuit_breaker.so',
  };
  final program = File(Platform.resolvedExecutable).parent;
  yield '${program.path}/$name';
  yield '${program.parent.path}/lib/$name';
}

/// Opens a library so that the functions of `native.dart`, which are looked up in the process, find it.
bool _open(String path) {
  if (Platform.isWindows) {
    // There the look-up in the process sees every library that has been opened.
    try {
      DynamicLibrary.open(path);
      return true;
    } on ArgumentError {
      return false;
    }
  }
  const now = 2;
  final global = Platform.isMacOS || Platform.isIOS ? 0x8 : 0x100;
  final bytes = Uint8List.fromList([...utf8.encode(path), 0]);
  return native.dlopen(bytes.address, now | global) != nullptr;
}

/// A static string of the library.
String text(Pointer<Uint8> first) {
  var length = 0;
  while (first[length] != 0) {
    length += 1;
  }
  return utf8.decode(first.asTypedList(length));
}
