/// Which lines of a package this isolate has run, as the VM's service says.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:developer';
import 'dart:io';
import 'dart:isolate';

/// Lines by file: whether each has been run.
Future<Map<String, Map<int, bool>>> linesOf(String package) async {
  final service = await Service.controlWebServer(enable: true, silenceOutput: true);
  final address = service.serverUri!;
  final socket = await WebSocket.connect('${address.replace(scheme: 'ws', path: '${address.path}ws')}');
  final answers = StreamIterator(socket);
  Future<Map<String, Object?>> ask(String method, Map<String, Object?> parameters) async {
    socket.add(jsonEncode({'jsonrpc': '2.0', 'id': method, 'method': method, 'params': parameters}));
    await answers.moveNext();
    final answer = jsonDecode(answers.current as String) as Map<String, Object?>;
    return answer['result'] as Map<String, Object?>? ?? (throw StateError('$method: ${answer['error']}'));
  }

  final report = await ask('getSourceReport', {
    'isolateId': Service.getIsolateId(Isolate.current),
    'reports': ['Coverage'],
    'forceCompile': true,
    'reportLines': true,
    'libraryFilters': ['package:$package/'],
  });
  final scripts = (report['scripts']! as List<Object?>).cast<Map<String, Object?>>();
  final found = <String, Map<int, bool>>{};
  for (final range in (report['ranges']! as List<Object?>).cast<Map<String, Object?>>()) {
    final coverage = range['coverage'] as Map<String, Object?>?;
    final lines = found.putIfAbsent(scripts[range['scriptIndex']! as int]['uri']! as String, () => {});
    for (final line in ((coverage?['hits'] as List<Object?>?) ?? const []).cast<int>()) {
      lines[line] = true;
    }
    for (final line in ((coverage?['misses'] as List<Object?>?) ?? const []).cast<int>()) {
      lines.putIfAbsent(line, () => false);
    }
  }
  await socket.close();
  await Service.controlWebServer();
  return found;
}
