import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'clock.dart';
import 'library.dart';
import 'native.dart' as native;
import 'state.dart';

final Uint64List _answer = Uint64List(1);

/// What an HTTP status counts as: 5xx but for 501 and 505, 408, 429 and what is no status are failures, 425 is ignored,
/// everything else is a success. The table is core's, the same in every language.
Outcome classifyHttpStatus(int status) {
  loaded;
  // What does not fit into 32 bits is no status, as 0 is none.
  native.classifyHttpStatus(_fits(status) ? status : 0, _answer.address);
  return _outcome();
}

/// What a gRPC status code counts as, if it came from the server or the client library made it of a deadline or a broken
/// connection.
Outcome classifyGrpcStatus(int code) {
  loaded;
  native.classifyGrpcStatus(_fits(code) ? code : -1, _answer.address);
  return _outcome();
}

/// What a transport error counts as: a failure, but for the caller's own doing.
Outcome classifyTransportError(TransportError error) {
  loaded;
  native.classifyTransportError(error.index, _answer.address);
  return _outcome();
}

/// For how long an HTTP response asks not to be called, by its `Retry-After` and `Date` as they came.
Duration? httpRetryAfter(int status, String? retryAfter, String? date) {
  if (retryAfter == null) {
    return null;
  }
  loaded;
  final asked = utf8.encode(retryAfter);
  final dated = utf8.encode(date ?? '');
  native.httpRetryAfter(status, asked.address, asked.length, dated.address, dated.length, _answer.address);
  return _answer[0] == native.off ? null : Nanoseconds(_answer[0]);
}

// The library writes 32 bits.
Outcome _outcome() => Outcome.values[_answer[0] & 0xffffffff];

bool _fits(int number) => number == number.toSigned(32);
