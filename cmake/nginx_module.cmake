# The module against the installed nginx's headers. nginx-dev has headers and configure but no objs/: its configure runs
# once in the build directory, with the distribution's own flags, to get ngx_auto_config.h and so the right signature.
# Promises nothing about another nginx version than the one whose headers these are: nginx refuses such a module.
set(NGINX_SOURCE /usr/share/nginx/src CACHE PATH "nginx-dev's tree, or an nginx source tree")
set(NGINX_CONFIGURE_ARGS "" CACHE STRING "for a source tree without conf_flags; default --with-compat and TLS, HTTP/2, threads")
set(AIGW_NGINX_TREE ${CMAKE_BINARY_DIR}/nginx-tree)

if(NOT EXISTS ${NGINX_SOURCE}/src/core/nginx.h)
  message(FATAL_ERROR "no nginx headers in ${NGINX_SOURCE}: install nginx-dev, or set NGINX_SOURCE to a source tree, "
                      "or build without the module (-DAIGW_MODULE=OFF)")
endif()

# Which tree, which version, which flags: another answer configures anew.
file(SHA256 ${NGINX_SOURCE}/src/core/nginx.h aigw_nginx_state)
if(EXISTS ${NGINX_SOURCE}/conf_flags)
  file(SHA256 ${NGINX_SOURCE}/conf_flags aigw_conf_flags)
  set(aigw_load_flags ". ./conf_flags")
else()
  set(aigw_conf_flags "${NGINX_CONFIGURE_ARGS}")
  set(aigw_load_flags "NGX_CONF_FLAGS=(${NGINX_CONFIGURE_ARGS})")
  if(NOT NGINX_CONFIGURE_ARGS)
    set(aigw_load_flags "NGX_CONF_FLAGS=(--with-compat --with-http_ssl_module --with-http_v2_module --with-threads)")
  endif()
endif()
string(APPEND aigw_nginx_state " ${NGINX_SOURCE} ${aigw_conf_flags}")

if(EXISTS ${AIGW_NGINX_TREE}/state)
  file(READ ${AIGW_NGINX_TREE}/state aigw_nginx_state_before)
endif()
if(NOT EXISTS ${AIGW_NGINX_TREE}/objs/ngx_auto_config.h OR NOT "${aigw_nginx_state_before}" STREQUAL "${aigw_nginx_state}")
  message(STATUS "Configuring nginx's headers from ${NGINX_SOURCE}")
  file(REMOVE_RECURSE ${AIGW_NGINX_TREE})
  file(COPY ${NGINX_SOURCE}/ DESTINATION ${AIGW_NGINX_TREE})
  execute_process(
    COMMAND bash -c "${aigw_load_flags}; c=./configure; [ -f $c ] || c=auto/configure; sh $c \"\${NGX_CONF_FLAGS[@]}\" >configure.log 2>&1"
    WORKING_DIRECTORY ${AIGW_NGINX_TREE}
    RESULT_VARIABLE aigw_nginx_rc)
  if(aigw_nginx_rc)
    message(FATAL_ERROR "nginx's configure failed, see ${AIGW_NGINX_TREE}/configure.log")
  endif()
  file(WRITE ${AIGW_NGINX_TREE}/state "${aigw_nginx_state}")
endif()

# What nginx's own build generates. The order puts our filters before the copy filter's, as HTTP_AUX_FILTER does.
set(AIGW_MODULES_C ${CMAKE_BINARY_DIR}/ngx_http_aigw_module_modules.c)
file(CONFIGURE OUTPUT ${AIGW_MODULES_C} CONTENT [[
#include <ngx_config.h>
#include <ngx_core.h>

extern ngx_module_t  ngx_http_aigw_module;

ngx_module_t *ngx_modules[] = {
    &ngx_http_aigw_module,
    NULL
};

char *ngx_module_names[] = {
    "ngx_http_aigw_module",
    NULL
};

char *ngx_module_order[] = {
    "ngx_http_aigw_module",
    "ngx_http_copy_filter_module",
    NULL
};
]] @ONLY)

if(NOT AIGW_NGINX_SOURCES)
  message(STATUS "No src/nginx/*.cpp: the module is not built")
  return()
endif()

pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
add_library(ngx_http_aigw_module MODULE ${AIGW_NGINX_SOURCES} ${AIGW_MODULES_C})
set_target_properties(ngx_http_aigw_module PROPERTIES
  PREFIX ""
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/exports.map)
target_include_directories(ngx_http_aigw_module SYSTEM PRIVATE
  ${AIGW_NGINX_TREE}/src/core
  ${AIGW_NGINX_TREE}/src/event
  ${AIGW_NGINX_TREE}/src/event/modules
  ${AIGW_NGINX_TREE}/src/event/quic
  ${AIGW_NGINX_TREE}/src/os/unix
  ${AIGW_NGINX_TREE}/src/http
  ${AIGW_NGINX_TREE}/src/http/modules
  ${AIGW_NGINX_TREE}/src/http/v2
  ${AIGW_NGINX_TREE}/src/http/v3
  ${AIGW_NGINX_TREE}/objs)
# nginx's callbacks have parameters that nobody uses and tables that end early.
target_compile_options(ngx_http_aigw_module PRIVATE -Wno-unused-parameter
  $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>)
target_link_libraries(ngx_http_aigw_module PRIVATE aigw PkgConfig::OPENSSL PkgConfig::HIREDIS PkgConfig::CURL)
# nodelete: a reload opens the library again before it closes it, and vtables must not go away under old workers' exit.
target_link_options(ngx_http_aigw_module PRIVATE
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/exports.map -Wl,-z,nodelete)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ngx_http_aigw_module PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
  target_compile_options(aigw PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
endif()
