/// A breaker as one writes it in an afternoon: consecutive failures, a wait, one probe. What ours is measured beside; it
/// forgets about late results, and counts no more than it must.
final class PlainBreaker {
  PlainBreaker(this.threshold, this.wait);

  final int threshold;
  final Duration wait;
  final _watch = Stopwatch()..start();
  int _failures = 0;
  int _successes = 0;
  bool _probing = false;
  Duration? _openSince;

  /// So that nobody can leave the counting out.
  int get successes => _successes;

  void _admit() {
    final since = _openSince;
    if (since == null) {
      return;
    }
    if (_probing || _watch.elapsed - since < wait) {
      throw const PlainOpen();
    }
    _probing = true;
  }

  void _succeeded() {
    _successes += 1;
    if (_failures != 0 || _openSince != null) {
      _failures = 0;
      _openSince = null;
      _probing = false;
    }
  }

  void _failed() {
    _failures += 1;
    if (_probing || _failures >= threshold) {
      _openSince = _watch.elapsed;
      _probing = false;
    }
  }

  T callSync<T>(T Function() action) {
    _admit();
    final T result;
    try {
      result = action();
    } catch (_) {
      _failed();
      rethrow;
    }
    _succeeded();
    return result;
  }

  Future<T> call<T>(Future<T> Function() action) async {
    _admit();
    final T result;
    try {
      result = await action();
    } catch (_) {
      _failed();
      rethrow;
    }
    _succeeded();
    return result;
  }
}

/// It is open.
final class PlainOpen implements Exception {
  const PlainOpen();
}
