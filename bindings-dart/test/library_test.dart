// Where the native library is looked for when no build hook has given it, and which is refused; each in a process of its
// own, beside whose packages there is no code asset.

import 'dart:convert';
import 'dart:io';

import 'package:k1s0_circuit_breaker/src/library.dart';
import 'package:k1s0_circuit_breaker/src/native.dart' show abiVersion;
import 'package:test/test.dart';

/// A library for this machine, and one that says that its ABI has version 99.
final _library = Platform.environment['K1S0_TEST_LIBRARY'];
final _other = Platform.environment['K1S0_OTHER_LIBRARY'];
final _skip = _library == null || _other == null ? 'K1S0_TEST_LIBRARY and K1S0_OTHER_LIBRARY name no libraries' : null;

/// A whole SDK's program does not run anywhere else.
final _isOfAnSdk =
    Directory.fromUri(Uri.file(Platform.resolvedExecutable).resolve('../lib/_internal')).existsSync()
        ? 'the program of an SDK cannot be copied'
        : null;

const _program = r'''
import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
void main() {
  try {
    print(CircuitBreaker(const CircuitBreakerConfig()).state.name);
  } on UnsupportedError catch (error) {
    print('refused: $error');
  }
}
''';

void main() {
  late Directory folder;

  setUp(() async {
    folder = await Directory.systemTemp.createTemp('k1s0-library');
    final packages = {
      'configVersion': 2,
      'packages': [
        {
          'name': 'k1s0_circuit_breaker',
          'rootUri': '${Directory.current.absolute.uri}',
          'packageUri': 'lib/',
          'languageVersion': '3.7',
        },
      ],
    };
    await File('${folder.path}/packages.json').writeAsString(jsonEncode(packages));
    await File('${folder.path}/program.dart').writeAsString(_program);
  });
  tearDown(() => folder.delete(recursive: true));

  Future<String> run({String? named, String? program}) async {
    final result = await Process.run(
      program ?? Platform.resolvedExecutable,
      ['--packages=${folder.path}/packages.json', '${folder.path}/program.dart'],
      environment: {'K1S0_CB_LIBRARY': named ?? ''},
    );
    return '${result.stdout}${result.stderr}'.trim();
  }

  test('versions are compared', () {
    checkVersion(abiVersion);
    expect(
      () => checkVersion(99),
      throwsA(isA<UnsupportedError>().having((it) => '${it.message}', 'message', contains('version 99'))),
    );
  });

  test('the environment names it', () async => expect(await run(named: _library), 'closed'), skip: _skip);

  test('one that is not there is named', () async {
    final said = await run(named: '/no/such/library.so');
    expect(said, contains('refused: Unsupported operation: the native library of k1s0_circuit_breaker is not there'));
    expect(said, contains('/no/such/library.so'));
  });

  test('it may be beside the program, or in lib beside its folder', () async {
    for (final (place, beside) in [('a/dart', 'a/'), ('b/bin/dart', 'b/lib/')]) {
      final program = File('${folder.path}/$place');
      program.parent.createSync(recursive: true);
      await File(Platform.resolvedExecutable).copy(program.path);
      expect(await run(program: program.path), contains('refused'));
      final there = File('${folder.path}/${beside}libk1s0_circuit_breaker.so')..createSync(recursive: true);
      await File(_library!).copy(there.path);
      expect(await run(program: program.path), 'closed');
    }
  }, skip: _skip ?? _isOfAnSdk);

  test('one of another ABI is refused by both numbers', () async {
    expect(await run(named: _other), contains('has version 99 of the ABI, and this package needs version 2'));
  }, skip: _skip);
}
