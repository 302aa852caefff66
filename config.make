# Flags for our objects alone: nginx's CFLAGS are for C files too. Run by sh, after the makefile's rules are written.
# -Wno-error: a newer compiler's new warning is not the user's problem; our own tests turn errors on.
aigw_cflags="-std=c++20 -O2 -fvisibility=hidden -fvisibility-inlines-hidden -Wno-error -I$ngx_addon_dir/src"
if [ "$NGX_CC_NAME" = gcc ]; then
    aigw_cflags="$aigw_cflags -fno-gnu-unique"
fi

for aigw_src in "$ngx_addon_dir"/src/*/*.cpp; do
    aigw_layer=`dirname "$aigw_src"`
    aigw_obj=$NGX_OBJS/addon/`basename "$aigw_layer"`/`basename "$aigw_src" .cpp`.o
    echo "$aigw_obj: CFLAGS += $aigw_cflags" >> $NGX_MAKEFILE
done
