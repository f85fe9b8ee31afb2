// The guarded HttpClient, against a real server that fails.

import 'dart:async';
import 'dart:io';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

void main() {
  late HttpServer server;
  late Uri base;
  var asked = 0;
  var clock = Duration.zero;
  late CircuitBreaker breaker;
  late CircuitBreakerHttpClient client;

  setUp(() async {
    asked = 0;
    server = await HttpServer.bind(InternetAddress.loopbackIPv4, 0);
    base = Uri.parse('http://${server.address.host}:${server.port}/');
    server.listen((request) async {
      asked += 1;
      final response = request.response;
      switch (request.uri.pathSegments.first) {
        case 'reset':
          final socket = await response.detachSocket(writeHeaders: false);
          socket.destroy();
          return;
        case 'hang':
          return;
        case 'echo':
          await response.addStream(request);
        case final status:
          response.statusCode = int.parse(status);
          request.uri.queryParameters.forEach(response.headers.set);
          response.write('body of $status');
      }
      await response.close();
    });
    breaker = CircuitBreaker(
      const CircuitBreakerConfig(failureThreshold: 2, timeout: Duration(seconds: 10), successThreshold: 1),
      name: 'server',
      clock: () => clock,
    );
    client = CircuitBreakerHttpClient(breaker);
  });

  tearDown(() async {
    client.close(force: true);
    await server.close(force: true);
  });

  Future<String> get(String path) async {
    final response = await (await client.getUrl(base.resolve(path))).close();
    return response.transform(const SystemEncoding().decoder).join();
  }

  test('a response comes through unchanged, and counts by its status', () async {
    expect(await get('200'), 'body of 200');
    expect(await get('404'), 'body of 404');
    expect(await get('503'), 'body of 503');
    final metrics = breaker.metrics();
    expect([metrics.successCount, metrics.failureCount], [2, 1]);
  });

  test('an open circuit reaches no server', () async {
    await get('500');
    await get('500');
    expect(breaker.isOpen, isTrue);
    await expectLater(
      () => get('200'),
      throwsA(
        isA<CircuitBreakerException>()
            .having((it) => it.name, 'name', 'server')
            .having((it) => it.retryAfter, 'retryAfter', const Duration(seconds: 10)),
      ),
    );
    expect(asked, 2);
    clock += const Duration(seconds: 10);
    expect(await get('200'), 'body of 200');
    expect(breaker.state, CircuitState.closed);
  });

  test('Retry-After is honoured, in seconds and as a date', () async {
    await get('503');
    await get('503?retry-after=60');
    expect(breaker.metrics().remainingWait, const Duration(seconds: 60));
    breaker.reset();
    await get('503');
    await get(
      '429?${Uri(queryParameters: {'date': 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:50:17 GMT'}).query}',
    );
    expect(breaker.metrics().remainingWait, const Duration(seconds: 40));
  });

  test('a connection that breaks, or is refused, is a failure', () async {
    await expectLater(() => get('reset'), throwsA(isA<HttpException>()));
    expect(breaker.metrics().failureCount, 1);
    await server.close(force: true);
    await expectLater(() => get('200'), throwsA(isA<SocketException>()));
    expect(breaker.metrics().failureCount, 2);
    expect(breaker.isOpen, isTrue);
  });

  test('who aborts a request has given it up', () async {
    final request = await client.getUrl(base.resolve('hang'));
    final response = request.close();
    request.abort();
    await expectLater(() => response, throwsA(isA<HttpException>()));
    final metrics = breaker.metrics();
    expect([metrics.cancelledCount, metrics.failureCount], [1, 0]);
  });

  test('a body is sent, by every way to send one', () async {
    final request = await client.post(server.address.host, server.port, 'echo?q=1#part');
    request.headers.contentType = ContentType.text;
    request
      ..bufferOutput = true
      ..write('one')
      ..writeAll(['two', 'three'], ',')
      ..writeln(4)
      ..writeCharCode(53)
      ..add([54]);
    await request.addStream(Stream.value([55]));
    await request.flush();
    expect(request.uri.query, 'q=1');
    final response = await request.close();
    expect(await response.transform(const SystemEncoding().decoder).join(), 'onetwo,three4\n567');
    expect(await request.done, same(response));
    expect(breaker.metrics().successCount, 1);
  });

  test('each method has its way', () async {
    final host = server.address.host;
    final port = server.port;
    final requests = [
      client.get(host, port, '200'),
      client.put(host, port, '200'),
      client.delete(host, port, '200'),
      client.patch(host, port, '200'),
      client.head(host, port, '200'),
      client.postUrl(base.resolve('200')),
      client.putUrl(base.resolve('200')),
      client.deleteUrl(base.resolve('200')),
      client.patchUrl(base.resolve('200')),
      client.headUrl(base.resolve('200')),
    ];
    final methods = <String>[];
    for (final opening in requests) {
      final request = await opening;
      methods.add(request.method);
      await (await request.close()).drain<void>();
    }
    expect(methods, ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']);
    expect(breaker.metrics().successCount, 10);
  });

  test('a request is told, and tells, as the one inside', () async {
    final request = await client.getUrl(base.resolve('200'));
    request
      ..contentLength = 3
      ..followRedirects = false
      ..maxRedirects = 2
      ..persistentConnection = false
      ..bufferOutput = true;
    request.cookies.add(Cookie('name', 'value'));
    request.headers.set('x-test', 'yes');
    expect(
      [request.contentLength, request.followRedirects, request.maxRedirects, request.persistentConnection],
      [3, false, 2, false],
    );
    // The one inside refuses this, and so it is refused.
    expect(() => request.encoding = systemEncoding, throwsStateError);
    expect([request.bufferOutput, request.encoding.name, request.cookies.length], [true, 'iso-8859-1', 1]);
    expect(request.connectionInfo!.remotePort, server.port);
    expect(request.uri, base.resolve('200'));
    request.write('abc');
    await (await request.close()).drain<void>();
  });

  test('what the caller does wrong says nothing about the server', () async {
    await expectLater(() => client.getUrl(Uri.parse('ftp://${server.address.host}/')), throwsArgumentError);
    final metrics = breaker.metrics();
    expect([metrics.ignoredCount, metrics.failureCount], [1, 0]);
    final request = await client.getUrl(base.resolve('200'));
    request.contentLength = 3;
    request.addError(const FormatException('mine'));
    await expectLater(request.close, throwsA(isA<Exception>()));
  });

  test('credentials are handed on', () {
    client
      ..addCredentials(base, 'realm', HttpClientBasicCredentials('name', 'password'))
      ..addProxyCredentials('proxy', 1, 'realm', HttpClientBasicCredentials('name', 'password'));
  });

  test('a breaker for each host', () async {
    final registry = CircuitBreakerRegistry(const CircuitBreakerConfig(failureThreshold: 1));
    final perHost = CircuitBreakerHttpClient.perUrl((url) => registry[url.host]);
    await (await (await perHost.getUrl(base.resolve('500'))).close()).drain<void>();
    expect(registry[base.host].isOpen, isTrue);
    await expectLater(() => perHost.getUrl(base.resolve('200')), throwsA(isA<CircuitBreakerException>()));
    perHost.close();
  });

  test('what the client is told, the client inside is told', () {
    client
      ..autoUncompress = false
      ..connectionTimeout = const Duration(seconds: 1)
      ..idleTimeout = const Duration(seconds: 2)
      ..maxConnectionsPerHost = 3
      ..userAgent = 'me'
      ..findProxy = null
      ..authenticate = null
      ..authenticateProxy = null
      ..badCertificateCallback = null
      ..connectionFactory = null
      ..keyLog = null;
    expect(client.autoUncompress, isFalse);
    expect(client.connectionTimeout, const Duration(seconds: 1));
    expect(client.idleTimeout, const Duration(seconds: 2));
    expect(client.maxConnectionsPerHost, 3);
    expect(client.userAgent, 'me');
  });
}
