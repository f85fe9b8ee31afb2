// The suite's files, and a scenario's words in this language's.

import 'dart:convert';
import 'dart:io';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:k1s0_circuit_breaker/src/clock.dart';
import 'package:k1s0_circuit_breaker/src/config.dart' show camelCase;

/// What this runner was written for.
const suite = 2;

/// Where the repository is: the tests may run beside the package as it is published.
final root = Platform.environment['K1S0_ROOT'] ?? Directory.current.parent.path;

typedef Json = Map<String, Object?>;

Json read(String name) => jsonDecode(File('$root/conformance/$name').readAsStringSync()) as Json;

/// Every scenario of the manifest; fewer than it promises is an error.
List<Json> scenarios() {
  final manifest = read('manifest.json');
  if (manifest['suite'] != suite) {
    throw StateError('this runner is for suite $suite, not ${manifest['suite']}');
  }
  final found = [
    for (final file in manifest['files']! as List<Object?>)
      ...(read((file! as Json)['path']! as String)['scenarios']! as List<Object?>).cast<Json>(),
  ];
  if (found.isEmpty || found.length != manifest['scenarios']) {
    throw StateError('${found.length} scenarios, and the manifest promises ${manifest['scenarios']}');
  }
  return found;
}

/// A time of a step or a config, in whichever unit it is given.
BigInt? nanoseconds(Json of, [String name = '']) {
  final prefix = name.isEmpty ? '' : '${name}_';
  final exact = of['${prefix}ns'];
  if (exact != null) {
    return BigInt.parse(exact as String);
  }
  final milliseconds = of['${prefix}ms'] as num?;
  return milliseconds == null ? null : BigInt.from((milliseconds * 1e6).round());
}

/// As the package takes it; more than 64 bits hold is never.
Duration length(BigInt nanoseconds) =>
    nanoseconds.bitLength > 64 ? CircuitBreakerConfig.never : Nanoseconds(nanoseconds.toSigned(64).toInt());

/// As the package answers it: a moment to the microsecond.
Duration moment(BigInt nanoseconds) => Duration(microseconds: (nanoseconds ~/ BigInt.from(1000)).toInt());

/// As the package answers it: a wait to the microsecond, never shorter.
Duration? wait(BigInt? nanoseconds) => nanoseconds == null ? null : moment(nanoseconds + BigInt.from(999));

/// What the constructor is given.
CircuitBreakerConfig config([Object? json]) {
  final given = (json as Json?) ?? {};
  Duration? time(String name) {
    final found = nanoseconds(given, name);
    return found == null ? null : length(found);
  }

  int? count(String name) => (given[name] as num?)?.toInt();
  double? part(String name) => (given[name] as num?)?.toDouble();
  const it = CircuitBreakerConfig();
  final seed = given['jitter_seed'] as String?;
  return CircuitBreakerConfig(
    failureThreshold: given['failure_threshold'] == 'off' ? null : count('failure_threshold') ?? it.failureThreshold,
    successThreshold: count('success_threshold') ?? it.successThreshold,
    timeout: time('timeout') ?? it.timeout,
    halfOpenMaxCalls: count('half_open_max_calls') ?? it.halfOpenMaxCalls,
    probeTimeout: time('probe_timeout') ?? it.probeTimeout,
    failureRate: part('failure_rate'),
    minimumCalls: count('minimum_calls') ?? it.minimumCalls,
    windowCalls: count('window_calls') ?? it.windowCalls,
    windowTime: time('window_time'),
    windowBuckets: count('window_buckets') ?? it.windowBuckets,
    slowCallDuration: time('slow_call_duration'),
    slowCallRate: part('slow_call_rate') ?? it.slowCallRate,
    slowMinimumCalls: count('slow_minimum_calls') ?? it.slowMinimumCalls,
    countHungCalls: given['count_hung_calls'] as bool? ?? it.countHungCalls,
    backoffMultiplier: part('backoff_multiplier') ?? it.backoffMultiplier,
    maxTimeout: time('max_timeout'),
    jitter: part('jitter') ?? it.jitter,
    jitterSeed: seed == null ? null : BigInt.parse(seed).toSigned(64).toInt(),
    shadow: given['shadow'] as bool? ?? it.shadow,
  );
}

/// A word of the suite as this package names it.
String word(Object? name) => camelCase(name! as String);
