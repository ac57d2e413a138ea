@echo off
rem Starts amalgam; builds it first where that has not been done since the sources changed. See the file 'amalgam' for the variables it reads.
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
set "FULL="
for /f "tokens=1-3" %%t in ('""%JAVA%" -version" 2^>^&1') do if "%%u"=="version" if not defined FULL set FULL=%%v
if defined FULL set "FULL=%FULL:"=%"
for /f "delims=.-" %%m in ("%FULL%") do set "VERSION=%%m"
if not defined VERSION (
    echo error: java is not found; install a JDK 17 or newer, or set JAVA_HOME 1>&2
    exit /b 1
)
if %VERSION% LSS 17 (
    echo error: java: expected version 17 or newer, got '%VERSION%'; set JAVA_HOME to a JDK 17 or newer 1>&2
    exit /b 1
)

rem Why the program must be built; empty where it is up to date. An archive has no sources.
set "REASON="
if "%TARGET%"=="%LAUNCHER%" goto start
if not exist "%TARGET%\amalgam.jar" (
    set "REASON=building on first use; this takes a few minutes where libraries must be downloaded"
    goto build
)
rem cmd cannot compare times; without PowerShell the program stays as it is. The file 'built' has the time of the last build.
set "CHANGED="
for /f "usebackq delims=" %%f in (`powershell -NoProfile -Command "$built = Get-Item ($env:TARGET + '\amalgam.jar'), ($env:TARGET + '\built') -ErrorAction SilentlyContinue | Sort-Object LastWriteTimeUtc | Select-Object -Last 1; foreach ($part in 'pom.xml', 'merge-core\pom.xml', 'merge-formats\pom.xml', 'merge-cli\pom.xml', 'merge-core\src\main', 'merge-formats\src\main', 'merge-cli\src\main') { Get-ChildItem -Recurse -File -LiteralPath ($env:HOME_DIR + $part) | Where-Object LastWriteTimeUtc -gt $built.LastWriteTimeUtc | Select-Object -First 1 -ExpandProperty FullName }" 2^>nul`) do set "CHANGED=%%f"
if not defined CHANGED goto start
set "REASON=building again; '%CHANGED%' is newer than the program"

:build
if not exist "%TARGET%" mkdir "%TARGET%"
echo amalgam: %REASON% 1>&2
type nul > "%TARGET%\building"
pushd "%HOME_DIR%"
call mvnw.cmd -q -ntp -pl merge-cli -am -Dmaven.test.skip=true -Dchecks.skip package > "%TARGET%\build.log" 2>&1
set "RESULT=%ERRORLEVEL%"
popd
if not "%RESULT%"=="0" (
    type "%TARGET%\build.log" 1>&2
    echo error: the build failed; all it said is in '%TARGET%\build.log' 1>&2
    exit /b 1
)
move /y "%TARGET%\building" "%TARGET%\built" >nul
rem Made for the program before.
del /q "%TARGET%\amalgam-*.jsa" 2>nul

:start
set "HEAP=-Xmx256m"
for %%C in (evaluate check statistics) do if "%~1"=="%%C" set "HEAP=-XX:MaxRAMPercentage=25"
if not defined AMALGAM_JAVA_OPTS set "AMALGAM_JAVA_OPTS=%HEAP%"
set "CLASS_PATH=%TARGET%\amalgam.jar"
if defined AMALGAM_CLASSPATH set "CLASS_PATH=%CLASS_PATH%;%AMALGAM_CLASSPATH%"
set "NEWER="
if %VERSION% GEQ 24 set NEWER="@%LAUNCHER%\java24.args"
rem What Java makes of the classes before it starts: an archive for the Java at hand, made on first use.
set "USED="
set "ARCHIVE=%TARGET%\amalgam-%FULL%.jsa"
if exist "%ARCHIVE%" goto made
set "MAKING=%ARCHIVE%.%RANDOM%"
(type nul > "%MAKING%.classes") 2>nul || goto run
echo amalgam: preparing quicker starts with Java %FULL%; this is done once 1>&2
"%JAVA%" "-XX:DumpLoadedClassList=%MAKING%.classes" "@%LAUNCHER%\java.args" %NEWER% -Xmx256m -cp "%TARGET%\amalgam.jar" io.amalgam.cli.Main warm-up >nul 2>&1 <nul
"%JAVA%" -Xshare:dump "-XX:SharedClassListFile=%MAKING%.classes" "-XX:SharedArchiveFile=%MAKING%" "@%LAUNCHER%\java.args" %NEWER% -Xmx256m -cp "%TARGET%\amalgam.jar" >nul 2>&1 <nul
del /q "%MAKING%.classes" 2>nul
rem An empty one says that it was tried.
if not exist "%MAKING%" type nul > "%MAKING%"
move /y "%MAKING%" "%ARCHIVE%" >nul

:made
for %%f in ("%ARCHIVE%") do if %%~zf GTR 0 set USED="-XX:SharedArchiveFile=%ARCHIVE%"

:run
rem Java takes one garbage collector only: who asks for another gets that one, also by the variables that Java reads.
set "COLLECTOR="
(set JDK_JAVA_OPTIONS & set JAVA_TOOL_OPTIONS & set _JAVA_OPTIONS & set AMALGAM_JAVA_OPTS) 2>nul | findstr /v /c:"+UseSerialGC" | findstr /r /c:"-XX:+Use[A-Za-z0-9]*GC" >nul && set "COLLECTOR=-XX:-UseSerialGC"
"%JAVA%" "@%LAUNCHER%\java.args" %COLLECTOR% %AMALGAM_JAVA_OPTS% %NEWER% %USED% -cp "%CLASS_PATH%" io.amalgam.cli.Main %*
exit /b %ERRORLEVEL%
