# frozen_string_literal: true

require 'minitest/autorun'
require 'k1s0/circuit_breaker'

CircuitBreaker = K1s0::CircuitBreaker

# A clock that is moved by hand.
class HandClock
  attr_accessor :nanoseconds

  def initialize = @nanoseconds = 0

  def call = @nanoseconds

  def advance(seconds) = @nanoseconds += (seconds * 1_000_000_000).to_i
end

# Whether the long proofs are to be of full size.
FULL = ENV.key?('K1S0_FULL')
