# frozen_string_literal: true

require 'ffi'

module K1s0
  class CircuitBreaker
    # Where the native library is: in the gem, or where the environment says.
    LIBRARY = ENV.fetch('K1S0_CB_LIBRARY') { File.expand_path('native/libk1s0_circuit_breaker_uniffi.so', __dir__) }
  end
end
