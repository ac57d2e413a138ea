@echo off
rem Starts amalgam; builds it first where that has not been done yet. See the file 'amalgam' for the variables it reads.
setlocal
set "HOME_DIR=%~dp0"
set "LAUNCHER=%HOME_DIR%merge-cli\src\main\launcher"
set "TARGET=%HOME_DIR%merge-cli\target"
rem An archive has nothing to build, an image a Java of its own.
if exist "%HOME_DIR%app\amalgam.jar" set "LAUNCHER=%HOME_DIR%app"
if exist "%HOME_DIR%app\amalgam.jar" set "TARGET=%HOME_DIR%app"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java.exe"
if exist "%HOME_DIR%runtime\bin\java.exe" set "JAVA=%HOME_DIR%runtime\bin\java.exe"

set "VERSION="
for /f tokens^=2^ delims^=^" %%v in ('""%JAVA%" -version 2^>^&1 ^| findstr /c:" version ""') do if not defined VERSION for /f "delims=.-" %%m in ("%%v") do set "VERSION=%%m"
if not defined VERSION (
    echo error: java is not found; install a JDK 17 or newer, or set JAVA_HOME 1>&2
    exit /b 1
)
if %VERSION% LSS 17 (
    echo error: java: expected version 17 or newer, got '%VERSION%'; set JAVA_HOME to a JDK 17 or newer 1>&2
    exit /b 1
)

if exist "%TARGET%\amalgam.jar" goto start
if not exist "%TARGET%" mkdir "%TARGET%"
echo amalgam: building on first use; this takes a few minutes where libraries must be downloaded 1>&2
pushd "%HOME_DIR%"
call mvnw.cmd -q -ntp -pl merge-cli -am -Dmaven.test.skip=true -Dchecks.skip package > "%TARGET%\build.log" 2>&1
set "RESULT=%ERRORLEVEL%"
popd
if not "%RESULT%"=="0" (
    type "%TARGET%\build.log" 1>&2
    echo error: the build failed; all it said is in '%TARGET%\build.log' 1>&2
    exit /b 1
)

:start
set "HEAP=-Xmx256m"
for %%C in (evaluate check statistics) do if "%~1"=="%%C" set "HEAP=-XX:MaxRAMPercentage=25"
if not defined AMALGAM_JAVA_OPTS set "AMALGAM_JAVA_OPTS=%HEAP%"
set "CLASS_PATH=%TARGET%\amalgam.jar"
if defined AMALGAM_CLASSPATH set "CLASS_PATH=%CLASS_PATH%;%AMALGAM_CLASSPATH%"
set "ARCHIVE="
if exist "%TARGET%\amalgam.jsa" set ARCHIVE="-XX:SharedArchiveFile=%TARGET%\amalgam.jsa"
set "NEWER="
if %VERSION% GEQ 24 set NEWER="@%LAUNCHER%\java24.args"
"%JAVA%" "@%LAUNCHER%\java.args" %AMALGAM_JAVA_OPTS% %NEWER% %ARCHIVE% -cp "%CLASS_PATH%" io.amalgam.cli.Main %*
exit /b %ERRORLEVEL%
