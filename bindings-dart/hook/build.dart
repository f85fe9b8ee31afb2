/// The build hook: hands the SDK the native library for the platform that is built for, out of `prebuilt/`, or the one that
/// the application names:
///
///     # pubspec.yaml of the application
///     hooks:
///       user_defines:
///         k1s0_circuit_breaker:
///           library: native/libk1s0_circuit_breaker.so
///
/// It speaks the hooks' JSON itself (their schema is public and versioned by its fields), so the package depends on nothing.
library;

import 'dart:convert';
import 'dart:io';

/// As `lib/src/native.dart` calls it.
const _asset = 'package:k1s0_circuit_breaker/src/native.dart';

void main(List<String> arguments) {
  final input = jsonDecode(File(_option(arguments, 'config')).readAsStringSync()) as Map<String, Object?>;
  final config = input['config']! as Map<String, Object?>;
  final wanted = config['build_asset_types']! as List<Object?>;
  final library = wanted.contains('code_assets/code') ? _library(input, config) : null;
  if (library != null && !library.existsSync()) {
    stderr.writeln(
      'k1s0_circuit_breaker has no library for this platform: ${library.path} is not there. Build it '
      '(cargo build --profile dist -p k1s0-circuit-breaker-c --target …) and name it in pubspec.yaml, '
      'hooks: user_defines: k1s0_circuit_breaker: library',
    );
    exitCode = 1;
    return;
  }
  final output = {
    'assets': [
      if (library != null)
        {
          'encoding': {
            'file': library.path,
            'id': _asset,
            'link_mode': {'type': 'dynamic_loading_bundle'},
          },
          'type': 'code_assets/code',
        },
    ],
    'dependencies': [if (library != null) library.path],
    'status': 'success',
    'timestamp': '${DateTime.fromMillisecondsSinceEpoch(DateTime.now().millisecondsSinceEpoch ~/ 1000 * 1000)}',
  };
  File(input['out_file']! as String).writeAsStringSync(jsonEncode(output));
}

File _library(Map<String, Object?> input, Map<String, Object?> config) {
  final named = _defined(input);
  if (named != null) {
    return named;
  }
  final code = (config['extensions']! as Map<String, Object?>)['code_assets']! as Map<String, Object?>;
  final os = code['target_os']! as String;
  final simulator = (code['ios'] as Map<String, Object?>?)?['target_sdk'] == 'iphonesimulator' ? '_simulator' : '';
  final name = switch (os) {
    'windows' => 'k1s0_circuit_breaker.dll',
    'macos' || 'ios' => 'libk1s0_circuit_breaker.dylib',
    _ => 'libk1s0_circuit_breaker.so',
  };
  final root = Uri.directory(input['package_root']! as String);
  return File.fromUri(root.resolve('prebuilt/${os}_${code['target_architecture']}$simulator/$name'));
}

/// The library that the application names in its pubspec.yaml, which it is beside.
File? _defined(Map<String, Object?> input) {
  final source = (input['user_defines'] as Map<String, Object?>?)?['workspace_pubspec'] as Map<String, Object?>?;
  final library = (source?['defines'] as Map<String, Object?>?)?['library'] as String?;
  if (source == null || library == null) {
    return null;
  }
  return File.fromUri(Uri.file(source['base_path']! as String).resolveUri(Uri.file(library)));
}

String _option(List<String> arguments, String name) {
  for (final (index, argument) in arguments.indexed) {
    if (argument.startsWith('--$name=')) {
      return argument.substring(name.length + 3);
    }
    if (argument == '--$name' && index + 1 < arguments.length) {
      return arguments[index + 1];
    }
  }
  throw ArgumentError('--$name is missing');
}
