# One libFuzzer target per t/fuzz/<name>.cpp, with the library instrumented beside it. clang only:
#   cmake -B build-fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DAIGW_FUZZERS=ON -DAIGW_MODULE=OFF -DAIGW_TESTS=OFF
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "AIGW_FUZZERS needs clang: -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++")
endif()
set(AIGW_FUZZ_FLAGS -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
target_compile_options(aigw PUBLIC -fsanitize=fuzzer-no-link,address,undefined ${AIGW_FUZZ_FLAGS})

file(GLOB AIGW_FUZZ_SOURCES CONFIGURE_DEPENDS t/fuzz/*.cpp)
add_custom_target(fuzzers)
foreach(source ${AIGW_FUZZ_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE t/fuzz)
  target_link_libraries(${name} PRIVATE aigw)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  add_dependencies(fuzzers ${name})
endforeach()
