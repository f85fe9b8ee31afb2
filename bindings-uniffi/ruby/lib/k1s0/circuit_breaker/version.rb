# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # The version of this package, and of the library that it loads.
    VERSION = '0.1.0'
  end
end

library = K1s0CircuitBreaker.library_version
unless library == K1s0::CircuitBreaker::VERSION
  raise LoadError, "the native library is of version #{library}, and this gem of #{K1s0::CircuitBreaker::VERSION}"
end
