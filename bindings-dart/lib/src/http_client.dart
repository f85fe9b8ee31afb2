import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'breaker.dart';
import 'error.dart';
import 'permit.dart';
import 'state.dart';
import 'tables.dart';

/// Finds the breaker for a request: `(url) => registry[url.host]`.
typedef BreakerFor = CircuitBreaker Function(Uri url);

/// A [HttpClient] each of whose requests is guarded by a breaker. It can stand wherever a HttpClient can: in an
/// `IOClient` of package:http, in dio's `IOHttpClientAdapter`, in `HttpOverrides`.
///
/// A request is settled by the head of its response: by the status, as the same table says in every language of k1s0 (a
/// 404 is a healthy server's answer, a 503 is not), with the `Retry-After` of a 429 or 503. What happens to the body
/// later counts nowhere. A request that is aborted counts as cancelled, and so does one that is forgotten. A rejected
/// one ends with a [CircuitBreakerException], and opens no socket.
final class CircuitBreakerHttpClient implements HttpClient {
  /// Guards the requests of [inner], by default a new client, with one breaker.
  CircuitBreakerHttpClient(CircuitBreaker breaker, [HttpClient? inner]) : this.perUrl((_) => breaker, inner);

  /// Guards each request with the breaker that [breakerFor] finds for it.
  CircuitBreakerHttpClient.perUrl(BreakerFor breakerFor, [HttpClient? inner])
    : _breakerFor = breakerFor,
      _inner = inner ?? HttpClient();

  final BreakerFor _breakerFor;
  final HttpClient _inner;

  @override
  Future<HttpClientRequest> openUrl(String method, Uri url) async {
    final permit = _breakerFor(url).acquire();
    final HttpClientRequest request;
    try {
      request = await _inner.openUrl(method, url);
    } catch (error) {
      _settleError(permit, error, TransportError.connect);
      rethrow;
    }
    return _GuardedRequest(request, permit);
  }

  @override
  Future<HttpClientRequest> open(String method, String host, int port, String path) =>
      openUrl(method, _url(host, port, path));

  @override
  Future<HttpClientRequest> getUrl(Uri url) => openUrl('get', url);

  @override
  Future<HttpClientRequest> get(String host, int port, String path) => open('get', host, port, path);

  @override
  Future<HttpClientRequest> postUrl(Uri url) => openUrl('post', url);

  @override
  Future<HttpClientRequest> post(String host, int port, String path) => open('post', host, port, path);

  @override
  Future<HttpClientRequest> putUrl(Uri url) => openUrl('put', url);

  @override
  Future<HttpClientRequest> put(String host, int port, String path) => open('put', host, port, path);

  @override
  Future<HttpClientRequest> deleteUrl(Uri url) => openUrl('delete', url);

  @override
  Future<HttpClientRequest> delete(String host, int port, String path) => open('delete', host, port, path);

  @override
  Future<HttpClientRequest> patchUrl(Uri url) => openUrl('patch', url);

  @override
  Future<HttpClientRequest> patch(String host, int port, String path) => open('patch', host, port, path);

  @override
  Future<HttpClientRequest> headUrl(Uri url) => openUrl('head', url);

  @override
  Future<HttpClientRequest> head(String host, int port, String path) => open('head', host, port, path);

  @override
  bool get autoUncompress => _inner.autoUncompress;

  @override
  set autoUncompress(bool value) => _inner.autoUncompress = value;

  @override
  Duration? get connectionTimeout => _inner.connectionTimeout;

  @override
  set connectionTimeout(Duration? value) => _inner.connectionTimeout = value;

  @override
  Duration get idleTimeout => _inner.idleTimeout;

  @override
  set idleTimeout(Duration value) => _inner.idleTimeout = value;

  @override
  int? get maxConnectionsPerHost => _inner.maxConnectionsPerHost;

  @override
  set maxConnectionsPerHost(int? value) => _inner.maxConnectionsPerHost = value;

  @override
  String? get userAgent => _inner.userAgent;

  @override
  set userAgent(String? value) => _inner.userAgent = value;

  @override
  set authenticate(Future<bool> Function(Uri url, String scheme, String? realm)? f) => _inner.authenticate = f;

  @override
  set authenticateProxy(Future<bool> Function(String host, int port, String scheme, String? realm)? f) =>
      _inner.authenticateProxy = f;

  @override
  set badCertificateCallback(bool Function(X509Certificate cert, String host, int port)? callback) =>
      _inner.badCertificateCallback = callback;

  @override
  set connectionFactory(Future<ConnectionTask<Socket>> Function(Uri url, String? proxyHost, int? proxyPort)? f) =>
      _inner.connectionFactory = f;

  @override
  set findProxy(String Function(Uri url)? f) => _inner.findProxy = f;

  @override
  set keyLog(Function(String line)? callback) => _inner.keyLog = callback;

  @override
  void addCredentials(Uri url, String realm, HttpClientCredentials credentials) =>
      _inner.addCredentials(url, realm, credentials);

  @override
  void addProxyCredentials(String host, int port, String realm, HttpClientCredentials credentials) =>
      _inner.addProxyCredentials(host, port, realm, credentials);

  @override
  void close({bool force = false}) => _inner.close(force: force);
}

/// As the original takes a path apart.
Uri _url(String host, int port, String path) {
  final withoutFragment = path.split('#').first;
  final mark = withoutFragment.indexOf('?');
  return Uri(
    scheme: 'http',
    host: host,
    port: port,
    path: mark < 0 ? withoutFragment : withoutFragment.substring(0, mark),
    query: mark < 0 ? null : withoutFragment.substring(mark + 1),
  );
}

/// Settles by what ended a request without a response: [broken], if it is nothing that has a kind of its own.
void _settleError(Permit permit, Object error, TransportError broken) {
  final kind = switch (error) {
    TlsException() => TransportError.tls,
    TimeoutException() => TransportError.timeout,
    // The caller's own: a malformed address, a header that is none, a client that is closed.
    ArgumentError() || StateError() || FormatException() => TransportError.invalidRequest,
    _ => broken,
  };
  permit.settle(classifyTransportError(kind));
}

/// A request that settles its permit when the head of the response is there.
final class _GuardedRequest implements HttpClientRequest {
  _GuardedRequest(this._inner, this._permit) {
    // Not only who closes it may be told: `done` is.
    _inner.done.then(_settle, onError: _failed).ignore();
  }

  final HttpClientRequest _inner;
  final Permit _permit;

  HttpClientResponse _settle(HttpClientResponse response) {
    final head = response.headers;
    final status = response.statusCode;
    final asked = httpRetryAfter(status, head.value(HttpHeaders.retryAfterHeader), head.value(HttpHeaders.dateHeader));
    _permit.settle(classifyHttpStatus(status), retryAfter: asked);
    return response;
  }

  Never _failed(Object error, StackTrace stackTrace) {
    _settleError(_permit, error, TransportError.reset);
    Error.throwWithStackTrace(error, stackTrace);
  }

  @override
  Future<HttpClientResponse> close() async {
    try {
      return _settle(await _inner.close());
    } catch (error, stackTrace) {
      _failed(error, stackTrace);
    }
  }

  @override
  void abort([Object? exception, StackTrace? stackTrace]) {
    _permit.cancel();
    _inner.abort(exception, stackTrace);
  }

  @override
  Future<HttpClientResponse> get done => _inner.done;

  @override
  bool get bufferOutput => _inner.bufferOutput;

  @override
  set bufferOutput(bool value) => _inner.bufferOutput = value;

  @override
  int get contentLength => _inner.contentLength;

  @override
  set contentLength(int value) => _inner.contentLength = value;

  @override
  Encoding get encoding => _inner.encoding;

  @override
  set encoding(Encoding value) => _inner.encoding = value;

  @override
  bool get followRedirects => _inner.followRedirects;

  @override
  set followRedirects(bool value) => _inner.followRedirects = value;

  @override
  int get maxRedirects => _inner.maxRedirects;

  @override
  set maxRedirects(int value) => _inner.maxRedirects = value;

  @override
  bool get persistentConnection => _inner.persistentConnection;

  @override
  set persistentConnection(bool value) => _inner.persistentConnection = value;

  @override
  HttpConnectionInfo? get connectionInfo => _inner.connectionInfo;

  @override
  List<Cookie> get cookies => _inner.cookies;

  @override
  HttpHeaders get headers => _inner.headers;

  @override
  String get method => _inner.method;

  @override
  Uri get uri => _inner.uri;

  @override
  void add(List<int> data) => _inner.add(data);

  @override
  void addError(Object error, [StackTrace? stackTrace]) => _inner.addError(error, stackTrace);

  @override
  Future<dynamic> addStream(Stream<List<int>> stream) => _inner.addStream(stream);

  @override
  Future<dynamic> flush() => _inner.flush();

  @override
  void write(Object? object) => _inner.write(object);

  @override
  void writeAll(Iterable<dynamic> objects, [String separator = '']) => _inner.writeAll(objects, separator);

  @override
  void writeCharCode(int charCode) => _inner.writeCharCode(charCode);

  @override
  void writeln([Object? object = '']) => _inner.writeln(object);
}
