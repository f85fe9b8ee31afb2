// The build hook, as the SDK calls it.

import 'dart:convert';
import 'dart:io';

import 'package:test/test.dart';

void main() {
  late Directory folder;

  setUp(() async => folder = await Directory.systemTemp.createTemp('k1s0-hook'));
  tearDown(() => folder.delete(recursive: true));

  File library(String path) => File('${folder.path}/$path')..createSync(recursive: true);

  Future<({ProcessResult result, Map<String, Object?>? output})> run(
    String os,
    String architecture, {
    Map<String, Object?> code = const {},
    List<String> types = const ['code_assets/code'],
    Map<String, Object?> defines = const {},
  }) async {
    final out = File('${folder.path}/output.json');
    final input = File('${folder.path}/input.json');
    await input.writeAsString(
      jsonEncode({
        'assets': <String, Object?>{},
        'config': {
          'build_asset_types': types,
          'extensions': {
            'code_assets': {
              'link_mode_preference': 'dynamic',
              'target_architecture': architecture,
              'target_os': os,
              ...code,
            },
          },
          'linking_enabled': false,
        },
        'out_dir_shared': '${folder.path}/shared/',
        'out_file': out.path,
        'package_name': 'k1s0_circuit_breaker',
        'package_root': '${folder.path}/',
        'user_defines': {
          'workspace_pubspec': {'base_path': '${folder.path}/app/pubspec.yaml', 'defines': defines},
        },
      }),
    );
    final result = await Process.run(Platform.resolvedExecutable, ['hook/build.dart', '--config=${input.path}']);
    return (
      result: result,
      output: out.existsSync() ? jsonDecode(await out.readAsString()) as Map<String, Object?> : null,
    );
  }

  Object? file(Map<String, Object?>? output) =>
      (((output!['assets']! as List).single as Map)['encoding']! as Map)['file'];

  for (final (os, architecture, code, path) in const [
    ('linux', 'x64', <String, Object?>{}, 'prebuilt/linux_x64/libk1s0_circuit_breaker.so'),
    ('android', 'arm64', <String, Object?>{}, 'prebuilt/android_arm64/libk1s0_circuit_breaker.so'),
    ('windows', 'x64', <String, Object?>{}, 'prebuilt/windows_x64/k1s0_circuit_breaker.dll'),
    ('macos', 'arm64', <String, Object?>{}, 'prebuilt/macos_arm64/libk1s0_circuit_breaker.dylib'),
    (
      'ios',
      'arm64',
      {
        'ios': {'target_sdk': 'iphonesimulator'},
      },
      'prebuilt/ios_arm64_simulator/libk1s0_circuit_breaker.dylib',
    ),
  ]) {
    test('$os on $architecture', () async {
      final there = library(path);
      final (:result, :output) = await run(os, architecture, code: code);
      expect('${result.stderr}', '');
      expect(output!['status'], 'success');
      final asset = (output['assets']! as List).single as Map<String, Object?>;
      expect(asset, {
        'encoding': {
          'file': there.path,
          'id': 'package:k1s0_circuit_breaker/src/native.dart',
          'link_mode': {'type': 'dynamic_loading_bundle'},
        },
        'type': 'code_assets/code',
      });
      expect(output['dependencies'], [there.path]);
    });
  }

  test('the application may name another', () async {
    final there = library('app/own/lib.so');
    final (:result, :output) = await run('linux', 'riscv64', defines: {'library': 'own/lib.so'});
    expect('${result.stderr}', '');
    expect(file(output), there.path);
  });

  test('a platform without a library is told how to get one', () async {
    final (:result, :output) = await run('linux', 'riscv64');
    expect(result.exitCode, 1);
    expect(output, isNull);
    expect('${result.stderr}', contains('prebuilt/linux_riscv64/libk1s0_circuit_breaker.so is not there'));
  });

  test('who wants no code gets none', () async {
    final (:result, :output) = await run('linux', 'riscv64', types: const ['data_assets/data']);
    expect(result.exitCode, 0);
    expect(output!['assets'], isEmpty);
  });
}
