# frozen_string_literal: true

Gem::Specification.new do |gem|
  gem.name = 'k1s0-circuit_breaker'
  gem.version = '0.1.0'
  gem.summary = 'A circuit breaker, on the core that all of k1s0\'s languages share'
  gem.authors = ['The k1s0 authors']
  gem.licenses = %w[MIT Apache-2.0]
  gem.required_ruby_version = '>= 3.1'
  # It has a native library for one platform.
  gem.platform = Gem::Platform.local
  gem.files = Dir['lib/**/*', 'README.md', 'LICENSE-*']
  gem.add_dependency 'ffi', '~> 1.15'
end
