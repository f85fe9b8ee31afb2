# k1s0::circuit_breaker (shared) and k1s0::circuit_breaker_static.

get_filename_component(_k1s0_cb_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

include(CMakeFindDependencyMacro)
find_dependency(Threads)

if(NOT TARGET k1s0::circuit_breaker)
  add_library(k1s0::circuit_breaker SHARED IMPORTED)
  set_target_properties(k1s0::circuit_breaker PROPERTIES
    IMPORTED_LOCATION "${_k1s0_cb_prefix}/lib/libk1s0_circuit_breaker.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_k1s0_cb_prefix}/include")

  add_library(k1s0::circuit_breaker_static STATIC IMPORTED)
  set_target_properties(k1s0::circuit_breaker_static PROPERTIES
    IMPORTED_LOCATION "${_k1s0_cb_prefix}/lib/libk1s0_circuit_breaker.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_k1s0_cb_prefix}/include"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
endif()

unset(_k1s0_cb_prefix)
