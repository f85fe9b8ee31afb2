// The README's programs, each run; what they print is what they say.

import 'dart:async';
import 'dart:io';

import 'package:test/test.dart';

/// What the programs use and do not define.
String _prelude(Uri server) => '''
final server = Uri.parse('$server');
Future<String> fetchUser(int id) async => 'user \$id';
Future<void> publish(String message) async {}
''';

void main() {
  final text = File('README.md').readAsStringSync();
  final programs = RegExp(r'```dart\n(.*?)```', dotAll: true).allMatches(text).map((match) => match[1]!).toList();

  test('there are programs', () => expect(programs.length, greaterThanOrEqualTo(7)));

  for (final (index, program) in programs.indexed) {
    test('program ${index + 1}', () async {
      final server = await HttpServer.bind(InternetAddress.loopbackIPv4, 0);
      server.listen((request) => unawaited(request.response.close()));
      final folder = await Directory.systemTemp.createTemp('k1s0-readme');
      try {
        final file = File('${folder.path}/program.dart');
        await file.writeAsString(program + _prelude(Uri.parse('http://127.0.0.1:${server.port}/')));
        final packages = Platform.packageConfig;
        final result = await Process.run(Platform.resolvedExecutable, [
          if (packages != null) '--packages=${Uri.base.resolve(packages).toFilePath()}',
          file.path,
        ]);
        expect('${result.stderr}', '');
        final says = RegExp(r'(?:print\(.*\)|trip\(\)); // (.*)').allMatches(program).map((match) => match[1]!);
        expect('${result.stdout}'.trim().split('\n'), says.where((line) => line != 'nothing was called').toList());
      } finally {
        await folder.delete(recursive: true);
        await server.close(force: true);
      }
    });
  }
}
